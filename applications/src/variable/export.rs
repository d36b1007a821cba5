//! `export`, `bridge_export`: variables that other legs get too.

use super::assignment::Assignment;
use super::set::expanded_again;
use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, Expanded, InlineCall, Variables};

/// Names that are copied to the partner when a bridge begins.
const BRIDGE_LIST: &str = "bridge_export_vars";

/// Arguments of `export` and `bridge_export`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// the variable and its value; `nolocal:` in front sets it on the other leg only
    pub assignment: Assignment,
}

/// The name under which it is stored: `nolocal:name` stands for a variable of the other leg only.
fn stored_name(name: &str) -> String {
    match name.strip_prefix("_nolocal_") {
        Some(name) => format!("nolocal:{name}"),
        None => name.to_owned(),
    }
}

fn export_to(variables: &mut Variables, name: &str, value: Expanded) {
    let name = stored_name(name);
    variables.set(&name, value);
    variables.export(&name);
}

fn bridge_export_to(variables: &mut Variables, name: &str, value: Expanded) {
    let name = stored_name(name);
    variables.set(&name, value);
    let list = variables.text(BRIDGE_LIST).unwrap_or_default();
    if list
        .split(',')
        .any(|known| known.eq_ignore_ascii_case(&name))
    {
        return;
    }
    let list = if list.is_empty() {
        name
    } else {
        format!("{list},{name}")
    };
    variables.set(BRIDGE_LIST, list);
}

/// Sets a variable here and on every leg dialled from here.
pub async fn export(session: &mut Session, args: Export) -> AppResult {
    let value = expanded_again(session, args.assignment.value).await;
    export_to(session.variables_mut(), &args.assignment.name, value);
    Ok(())
}

/// `export` while the dialplan hunts.
pub fn export_inline(call: &mut InlineCall<'_>, args: Export) {
    export_to(call.variables, &args.assignment.name, args.assignment.value);
}

/// Sets a variable here and on the partner of a bridge.
pub async fn bridge_export(session: &mut Session, args: Export) -> AppResult {
    let value = expanded_again(session, args.assignment.value).await;
    bridge_export_to(session.variables_mut(), &args.assignment.name, value);
    Ok(())
}

/// `bridge_export` while the dialplan hunts.
pub fn bridge_export_inline(call: &mut InlineCall<'_>, args: Export) {
    bridge_export_to(call.variables, &args.assignment.name, args.assignment.value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_listed_once() {
        let mut variables = Variables::new();
        export_to(&mut variables, "a", Expanded::trusted("1"));
        export_to(&mut variables, "a", Expanded::trusted("2"));
        export_to(&mut variables, "_nolocal_b", Expanded::trusted("3"));
        assert_eq!(variables.text("export_vars"), Some("a,nolocal:b"));
        assert_eq!(variables.text("a"), Some("2"));
        assert_eq!(variables.text("b"), None);
        assert_eq!(variables.text("nolocal:b"), Some("3"));
        bridge_export_to(&mut variables, "c", Expanded::trusted("4"));
        bridge_export_to(&mut variables, "d", Expanded::trusted("5"));
        bridge_export_to(&mut variables, "C", Expanded::trusted("6"));
        assert_eq!(variables.text("bridge_export_vars"), Some("c,d"));
    }
}
