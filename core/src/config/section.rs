//! How rooms have their part of the configuration compiled.

use std::any::{Any, TypeId};
use std::sync::Arc;
use strowger_model::xml::Document;
use strowger_model::{AccessLists, Diagnostics, Globals, Section, XmlDirectory};

/// What a compiler may read besides its own section.
pub struct CompileContext<'a> {
    /// The document.
    pub document: &'a Document,
    /// Global variables.
    pub globals: &'a Globals,
    /// Address lists.
    pub access_lists: &'a AccessLists,
    /// Users.
    pub directory: &'a XmlDirectory,
}

type Compiled = Arc<dyn Any + Send + Sync>;
type Compile = dyn Fn(&CompileContext<'_>, &mut Diagnostics) -> Compiled + Send + Sync;

/// Compiles one part of the configuration into a value that the snapshot keeps by its type.
#[derive(Clone)]
pub struct SectionCompiler {
    pub(crate) name: &'static str,
    pub(crate) id: TypeId,
    pub(crate) compile: Arc<Compile>,
}

impl SectionCompiler {
    /// The `configuration` that it reads.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// For a section of `configuration`.
    pub fn of<S: Section>() -> SectionCompiler {
        SectionCompiler {
            name: S::NAME,
            id: TypeId::of::<S>(),
            compile: Arc::new(|context, report| {
                Arc::new(S::compile(context.document.configuration(S::NAME), report))
            }),
        }
    }

    /// For a part that needs the directory, lists or several sections. `name` is the `configuration` that it reads,
    /// so that the loader knows it is supported.
    pub fn with<T: Any + Send + Sync>(
        name: &'static str,
        compile: impl Fn(&CompileContext<'_>, &mut Diagnostics) -> T + Send + Sync + 'static,
    ) -> SectionCompiler {
        SectionCompiler {
            name,
            id: TypeId::of::<T>(),
            compile: Arc::new(move |context, report| Arc::new(compile(context, report))),
        }
    }
}
