//! The grammar of an argument list as data: from it come parsing, usage, help and completion.

/// What a list of arguments looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// What stands between arguments unless the text begins with `^^` and another character.
    pub separator: char,
    /// The arguments in order.
    pub arguments: &'static [ArgumentSpec],
}

/// One argument of a grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgumentSpec {
    /// Its name.
    pub name: &'static str,
    /// What a person has to write: `seconds`, `number`.
    pub kind: &'static str,
    /// One or more sentences of help.
    pub help: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// The text taken when it is not there.
    pub default: Option<&'static str>,
    /// Whether it takes all remaining text as it stands.
    pub rest: bool,
    /// The only words allowed, without case; empty when anything of its kind is.
    pub choices: &'static [&'static str],
}

impl ArgumentSpec {
    /// Whether a text is among the choices, or there are none to choose from.
    pub fn accepts(&self, text: &str) -> bool {
        self.choices.is_empty()
            || self
                .choices
                .iter()
                .any(|word| word.eq_ignore_ascii_case(text))
    }
}

impl Grammar {
    /// A grammar without arguments.
    pub const EMPTY: Self = Self {
        separator: ' ',
        arguments: &[],
    };

    /// One line such as `<min> <max> <file> [digit_timeout]`.
    pub fn usage(&self) -> String {
        let mut line = String::new();
        for (at, argument) in self.arguments.iter().enumerate() {
            if at > 0 {
                line.push(self.separator);
            }
            let name = if argument.choices.is_empty() {
                argument.name.to_owned()
            } else {
                argument.choices.join("|")
            };
            let (open, close) = if argument.required {
                ('<', '>')
            } else {
                ('[', ']')
            };
            line.push(open);
            line.push_str(&name);
            line.push(close);
        }
        line
    }
}
