//! What a room contributes to a switch.

use crate::application::{ApiCommand, Application};
use crate::config::SectionCompiler;
use crate::endpoint::Endpoint;
use crate::sound::Speaker;
use std::sync::Arc;

/// Applications, commands, endpoints, languages and configuration sections that belong together.
pub struct Module {
    /// The FreeSWITCH module of the same work (`mod_dptools`), for `module_exists` and `show modules`.
    pub name: &'static str,
    /// Applications.
    pub applications: Vec<Box<dyn Application>>,
    /// API commands.
    pub commands: Vec<ApiCommand>,
    /// Endpoints.
    pub endpoints: Vec<Arc<dyn Endpoint>>,
    /// Languages for spoken values.
    pub speakers: Vec<Arc<dyn Speaker>>,
    /// Configuration sections.
    pub sections: Vec<SectionCompiler>,
}

impl Module {
    /// A module that contributes nothing yet.
    pub fn named(name: &'static str) -> Module {
        Module {
            name,
            applications: Vec::new(),
            commands: Vec::new(),
            endpoints: Vec::new(),
            speakers: Vec::new(),
            sections: Vec::new(),
        }
    }
}
