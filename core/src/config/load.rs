//! Loading: preprocess, parse, compile every section, and report all problems at once.

use super::{CompileContext, ConfigSnapshot, SectionCompiler, is_weak_password};
use crate::sound::Phrases;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use strowger_model::xml::{self, Document, FileHost};
use strowger_model::{
    AccessLists, Diagnostics, Dialplan, Element, Globals, PreprocessHost, Source, Vocabulary,
    XmlDirectory,
};

/// Compiles the `dialplan` section into dialplans (XML, inline, …).
pub type DialplanCompiler = Arc<
    dyn Fn(Option<&Element>, &dyn Vocabulary, &mut Diagnostics) -> Vec<Arc<dyn Dialplan>>
        + Send
        + Sync,
>;

/// Asks a STUN server or a name for our public address.
pub type AskStun = fn(&str) -> Result<String, String>;

/// Where a configuration comes from and what is known before it is read.
#[derive(Clone, Debug, Default)]
pub struct ConfigSource {
    /// The configuration directory.
    pub directory: PathBuf,
    /// Global variables before any file is read (paths, addresses, secrets).
    pub globals: Vec<(String, String)>,
    /// `--set`: globals that the files must not overwrite.
    pub fixed: Vec<(String, String)>,
    /// Whether `exec` and `exec-set` may run commands.
    pub allow_exec: bool,
    /// Asks a STUN server (`stun:host[:port]`) or a name (`host:name`) for our public address; blocking and bounded.
    /// `None`: `stun-set` leaves its variable unset, with a warning.
    pub stun: Option<AskStun>,
    /// Our own address and prefix length, for the automatic lists.
    pub local: Option<(IpAddr, u8)>,
}

/// What is needed to compile a configuration.
pub struct LoadRequest<'a> {
    /// Where from.
    pub source: &'a ConfigSource,
    /// What the rooms compile.
    pub sections: &'a [SectionCompiler],
    /// How the dialplan is compiled.
    pub dialplan: &'a DialplanCompiler,
    /// What a dialplan may name.
    pub vocabulary: &'a dyn Vocabulary,
    /// The number of the generation.
    pub generation: u64,
}

/// Loads and compiles. With any error there is no snapshot; the report has every problem found either way.
pub fn load(request: &LoadRequest<'_>) -> (Option<ConfigSnapshot>, Diagnostics) {
    let mut report = Diagnostics::default();
    let snapshot = compile(request, &mut report);
    let snapshot = if report.has_errors() { None } else { snapshot };
    (snapshot, report)
}

/// The root document: `strowger.xml`, else `freeswitch.xml`.
fn root(directory: &Path) -> Option<PathBuf> {
    ["strowger.xml", "freeswitch.xml"]
        .iter()
        .map(|name| directory.join(name))
        .find(|path| path.is_file())
}

fn compile(request: &LoadRequest<'_>, report: &mut Diagnostics) -> Option<ConfigSnapshot> {
    let Some(root) = root(&request.source.directory) else {
        report.error(
            Some(Source::new(
                request.source.directory.display().to_string(),
                0,
                0,
            )),
            "the configuration",
            "there is neither strowger.xml nor freeswitch.xml in this directory",
            "name the directory with --conf",
        );
        return None;
    };
    let mut globals = Globals::new();
    for (name, value) in request.source.globals.iter().chain(&request.source.fixed) {
        globals.set(name, value.clone());
    }
    let fixed: HashSet<String> = request
        .source
        .fixed
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let mut host = Host {
        files: FileHost {
            allow_exec: request.source.allow_exec,
        },
        stun: request.source.stun,
        asked: HashMap::new(),
    };
    let document = xml::load(&root, &mut globals, &fixed, &mut host, report)?;
    let directory = XmlDirectory::compile(document.section("directory"), report);
    warn_of_weak_passwords(&directory, report);
    let access_lists = AccessLists::compile(
        document.configuration("acl.conf"),
        &directory,
        request.source.local,
        report,
    );
    let phrases = Phrases::compile(
        document
            .section("languages")
            .or_else(|| document.section("phrases")),
        report,
    );
    let mut sections = HashMap::new();
    {
        let context = CompileContext {
            document: &document,
            globals: &globals,
            access_lists: &access_lists,
            directory: &directory,
        };
        for section in request.sections {
            sections.insert(section.id, (section.compile)(&context, report));
        }
    }
    warn_of_unknown_configurations(&document, request.sections, report);
    let dialplans = (request.dialplan)(document.section("dialplan"), request.vocabulary, report);
    Some(ConfigSnapshot {
        generation: request.generation,
        document: Arc::new(document),
        globals,
        sections,
        access_lists,
        directory,
        phrases,
        dialplans,
    })
}

/// The machine as the preprocessor sees it: files, environment, commands when allowed, and each STUN server once.
struct Host {
    files: FileHost,
    stun: Option<AskStun>,
    asked: HashMap<String, Result<String, String>>,
}

impl PreprocessHost for Host {
    fn env(&self, name: &str) -> Option<String> {
        self.files.env(name)
    }

    fn exec(&mut self, command: &str) -> Result<String, String> {
        self.files.exec(command)
    }

    fn stun(&mut self, server: &str) -> Result<String, String> {
        if let Ok(literal) = self.files.stun(server) {
            return Ok(literal);
        }
        let Some(ask) = self.stun else {
            return Err("no STUN server can be asked offline".to_owned());
        };
        self.asked
            .entry(server.to_owned())
            .or_insert_with(|| ask(server))
            .clone()
    }

    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        self.files.read(path)
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        self.files.glob(pattern)
    }
}

/// Configurations that core reads itself.
const OWN: &[&str] = &["acl.conf"];

/// A configuration that no room reads is a feature that is not built yet.
fn warn_of_unknown_configurations(
    document: &Document,
    sections: &[SectionCompiler],
    report: &mut Diagnostics,
) {
    let Some(section) = document.section("configuration") else {
        return;
    };
    for element in section.elements_named("configuration") {
        let Some(name) = element.attr("name") else {
            continue;
        };
        let known = OWN.contains(&name)
            || sections
                .iter()
                .any(|section| section.name.eq_ignore_ascii_case(name));
        if !known {
            report.warning(
                Some(element.source.clone()),
                format!("configuration {name}"),
                "nothing here reads it: the feature is not supported",
                "it has no effect; remove it if you do not need it",
            );
        }
    }
}

fn warn_of_weak_passwords(directory: &XmlDirectory, report: &mut Diagnostics) {
    for user in directory.domains().iter().flat_map(|domain| domain.users()) {
        let password = user
            .secret("password")
            .map(|secret| secret.reveal().as_str());
        if password.is_some_and(|password| is_weak_password(&user.id, password)) {
            report.warning(
                Some(user.source.clone()),
                format!("user {}@{}", user.id, user.domain),
                "its password is well known or too short",
                "it may register from this machine and private networks only; set a long random password",
            );
        }
    }
}
