//! Configuration: one immutable snapshot of everything compiled, swapped whole or not at all.

mod load;
mod section;
mod switch_conf;
mod weak;

pub use load::{ConfigSource, DialplanCompiler, LoadRequest, load};
pub use section::{CompileContext, SectionCompiler};
pub use switch_conf::SwitchConf;
pub use weak::is_weak_password;

use crate::sound::Phrases;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use strowger_model::xml::Document;
use strowger_model::{AccessLists, Dialplan, Globals, Section, XmlDirectory};

/// One generation of the whole configuration.
pub struct ConfigSnapshot {
    pub(crate) generation: u64,
    pub(crate) document: Arc<Document>,
    pub(crate) globals: Globals,
    pub(crate) sections: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    pub(crate) access_lists: AccessLists,
    pub(crate) directory: XmlDirectory,
    pub(crate) phrases: Phrases,
    pub(crate) dialplans: Vec<Arc<dyn Dialplan>>,
}

impl ConfigSnapshot {
    /// A section as its room compiled it. Every section that a module registers is present, with its defaults when
    /// the configuration has none.
    pub fn get<S: Section>(&self) -> Arc<S> {
        self.try_get()
            .unwrap_or_else(|| Arc::new(S::compile(None, &mut Default::default())))
    }

    /// A compiled part of any type that a module registered.
    pub fn try_get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.sections
            .get(&TypeId::of::<T>())?
            .clone()
            .downcast::<T>()
            .ok()
    }

    /// Counts up with each configuration that took effect.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The document itself, for lookups by operators.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Global variables as the configuration set them.
    pub fn globals(&self) -> &Globals {
        &self.globals
    }

    /// Named lists of addresses.
    pub fn acls(&self) -> &AccessLists {
        &self.access_lists
    }

    /// Domains, groups and users.
    pub fn directory(&self) -> &XmlDirectory {
        &self.directory
    }

    /// Phrase macros.
    pub fn phrases(&self) -> &Phrases {
        &self.phrases
    }

    /// The dialplan of that name, without case.
    pub fn dialplan(&self, name: &str) -> Option<&Arc<dyn Dialplan>> {
        self.dialplans
            .iter()
            .find(|dialplan| dialplan.name().eq_ignore_ascii_case(name))
    }
}
