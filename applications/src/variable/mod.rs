//! Variables of the call, of its other leg, and of the whole exchange.

pub mod assignment;
pub mod export;
pub mod no_operation;
pub mod profile;
pub mod set;
pub mod unset;
pub mod user;

use assignment::{Assignment, Assignments};
use strowger_core::application;
use strowger_core::application::Application;

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    vec![
        application!("set", set::set, set::Set, "Set a variable", media: NotNeeded, after_hangup, inline: set::set_inline),
        application!("multiset", set::multiset, set::Multiset, "Set several variables", media: NotNeeded, after_hangup, inline: set::multiset_inline),
        application!("push", set::push, set::Set, "Append a value to a variable", media: NotNeeded, after_hangup, inline: set::push_inline),
        application!("unshift", set::unshift, set::Set, "Put a value in front of a variable", media: NotNeeded, after_hangup, inline: set::unshift_inline),
        application!("unset", unset::unset, unset::Unset, "Delete a variable", media: NotNeeded, after_hangup, inline: unset::unset_inline),
        application!("multiunset", unset::multiunset, unset::Multiunset, "Delete several variables", media: NotNeeded, after_hangup, inline: unset::multiunset_inline),
        application!("export", export::export, export::Export, "Set a variable here and on every leg dialled from here", media: NotNeeded, after_hangup, inline: export::export_inline),
        application!("bridge_export", export::bridge_export, export::Export, "Set a variable here and on the other leg of a bridge", media: NotNeeded, after_hangup, inline: export::bridge_export_inline),
        application!("set_global", set::set_global, set::Set, "Set a variable of the whole exchange", media: NotNeeded, after_hangup, inline: set::set_global_inline),
        application!("set_profile_var", profile::set_profile_var, set::Set, "Change a field of the caller profile", media: NotNeeded, after_hangup, inline: profile::set_profile_var_inline),
        application!("set_user", user::set_user, user::SetUser, "Take over the variables of a directory user, as if it had logged in", media: NotNeeded),
        application!("eval", no_operation::eval, no_operation::Anything, "Do nothing but expand the text", media: NotNeeded, after_hangup, inline: no_operation::eval_inline),
        application!("stop", no_operation::eval, no_operation::Anything, "Do nothing", media: NotNeeded, after_hangup, inline: no_operation::eval_inline),
    ]
}

/// The assignments of a list, or of one.
pub(crate) fn each(list: Assignments) -> impl Iterator<Item = Assignment> {
    list.0.into_iter()
}

#[cfg(test)]
mod tests;
