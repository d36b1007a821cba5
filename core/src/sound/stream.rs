//! `local_stream://`: music that all listeners share, decoded once (`local_stream.conf`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use strowger_media::file::SoundCache;
use strowger_media::player::SharedStream;
use strowger_media::rate::SampleRate;
use strowger_model::{Diagnostics, Element, Params, Reload, Section};

/// Files of one stream at most: all of them stay decoded in memory.
const MAX_TRACKS: usize = 64;

/// One `<directory>` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Directory {
    name: String,
    path: PathBuf,
}

/// Streams by name and rate; `None` where nothing can be played.
type Open = HashMap<(String, SampleRate), Option<Arc<SharedStream>>>;

/// The streams of a configuration.
#[derive(Default)]
pub struct LocalStreams {
    directories: Vec<Directory>,
    open: Mutex<Open>,
}

impl Section for LocalStreams {
    const NAME: &'static str = "local_stream.conf";
    const RELOAD: Reload = Reload::NewCalls;

    fn compile(element: Option<&Element>, report: &mut Diagnostics) -> Self {
        let mut directories = Vec::new();
        for directory in element
            .into_iter()
            .flat_map(|element| element.elements_named("directory"))
        {
            let (Some(name), Some(path)) = (directory.attr("name"), directory.attr("path")) else {
                report.error(
                    Some(directory.source.clone()),
                    "a directory of local_stream.conf",
                    "it needs a name and a path",
                    "write <directory name=\"moh\" path=\"…\"/>",
                );
                continue;
            };
            let mut params = Params::new(Some(directory), report);
            // What listeners hear does not depend on these: every leg gets its own rate, in mono, each 20 ms.
            params.meaningless(&[
                "rate",
                "channels",
                "interval",
                "timer-name",
                "shuffle",
                "prebuf",
            ]);
            params.finish();
            directories.push(Directory {
                name: name.to_owned(),
                path: PathBuf::from(path),
            });
        }
        LocalStreams {
            directories,
            open: Mutex::default(),
        }
    }
}

impl LocalStreams {
    /// The stream of that name at the leg's rate: `name/<rate>`, then `name`, then `default`. Blocking: the first
    /// listener decodes the files.
    pub(crate) fn find(
        &self,
        name: &str,
        rate: SampleRate,
        cache: &SoundCache,
    ) -> Option<Arc<SharedStream>> {
        let mut open = self
            .open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        open.entry((name.to_owned(), rate))
            .or_insert_with(|| self.open(name, rate, cache))
            .clone()
    }

    fn open(&self, name: &str, rate: SampleRate, cache: &SoundCache) -> Option<Arc<SharedStream>> {
        let at_rate = format!("{name}/{}", rate.hz());
        let wanted = [at_rate.as_str(), name, "default"];
        let directory = wanted.iter().find_map(|name| {
            self.directories
                .iter()
                .find(|d| d.name.eq_ignore_ascii_case(name))
        })?;
        let tracks: Vec<_> = files(&directory.path)
            .into_iter()
            .filter_map(|path| {
                cache
                    .load(&path, rate)
                    .map_err(|error| tracing::warn!("music on hold: {error}"))
                    .ok()
            })
            .collect();
        if tracks.is_empty() {
            tracing::warn!(directory = %directory.path.display(), "no music on hold can be played from here");
            return None;
        }
        Some(SharedStream::new(name, tracks))
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .take(MAX_TRACKS)
        .collect();
    files.sort();
    files
}
