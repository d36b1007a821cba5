//! What `${…}` means while hunting. There is no partner leg yet, so `aleg_` and `bleg_` names have nothing to select.

use strowger_model::{BoxFuture, CallerProfile, Expanded, HuntEnv, Scope, Variables};

/// What a template sees while hunting: channel variables, the caller profile, global variables, functions.
pub(crate) struct HuntScope<'a> {
    pub variables: &'a Variables,
    pub profile: &'a CallerProfile,
    pub env: &'a dyn HuntEnv,
}

impl Scope for HuntScope<'_> {
    fn variable(&self, name: &str) -> Option<Expanded> {
        self.variables
            .get(name)
            .cloned()
            .or_else(|| self.profile.field(name))
            .or_else(|| self.env.global(name).map(Expanded::trusted))
    }

    fn elements(&self, name: &str) -> Option<Vec<Expanded>> {
        if self.variables.get(name).is_some() {
            return Some(self.variables.elements(name));
        }
        self.variable(name).map(|value| vec![value])
    }

    fn function<'a>(&'a self, name: &'a str, args: Expanded) -> BoxFuture<'a, Option<Expanded>> {
        self.env.function(name, args)
    }
}
