//! `global_getvar`, `global_setvar`: variables of the whole exchange.

use strowger_core::CommandCall;

/// A global's value, or all as lines.
pub(super) async fn global_getvar(call: CommandCall<'_>) -> String {
    let name = call.arguments.as_str().trim();
    if !name.is_empty() {
        return call.switch.global(name).unwrap_or_default();
    }
    call.switch
        .globals()
        .into_iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

/// Sets a global; with a third part only if that is its value now.
pub(super) async fn global_setvar(call: CommandCall<'_>) -> String {
    let Some(wish) = Wish::of(call.arguments.as_str().trim()) else {
        return "-USAGE: <name>=<value>[ =<current>]\n".to_owned();
    };
    if wish
        .current
        .is_some_and(|current| call.switch.global(wish.name).unwrap_or_default() != current)
    {
        return "-ERR the variable has another value\n".to_owned();
    }
    call.switch.set_global(wish.name, wish.value);
    "+OK".to_owned()
}

#[derive(Debug, PartialEq, Eq)]
struct Wish<'a> {
    name: &'a str,
    value: &'a str,
    current: Option<&'a str>,
}

impl<'a> Wish<'a> {
    fn of(text: &'a str) -> Option<Wish<'a>> {
        let (name, value) = text.split_once('=')?;
        let name = name.trim();
        let (value, current) = match value.rsplit_once(" =") {
            Some((value, current)) => (value, Some(current)),
            None => (value, None),
        };
        (!name.is_empty()).then_some(Wish {
            name,
            value,
            current,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_part_is_compared() {
        let wish = Wish::of("a=b c =d").expect("a wish");
        assert_eq!(
            (wish.name, wish.value, wish.current),
            ("a", "b c", Some("d"))
        );
        assert_eq!(Wish::of("a=").map(|wish| wish.value), Some(""));
        assert_eq!(Wish::of("=x"), None);
        assert_eq!(Wish::of("x"), None);
    }
}
