//! Regular expressions of the configuration, applied to text of peers in linear time.

/// Whether a text matches an expression. An expression that cannot be compiled matches nothing.
pub(crate) fn matches(expression: &str, text: &str) -> bool {
    match regex::RegexBuilder::new(expression)
        .size_limit(LIMIT)
        .build()
    {
        Ok(regex) => regex.is_match(text),
        Err(error) => {
            tracing::warn!(expression, %error, "the expression cannot be used and matches nothing");
            false
        }
    }
}

/// Octets that a compiled expression may have.
const LIMIT: usize = 1 << 20;
