//! What is thrown odd octets at: one function for each parser of what comes from outside. Each must neither panic nor
//! take long, whatever it is given.
//!
//! The fuzz targets call these functions one by one; `tests/fuzz_smoke` runs them all on a stable compiler.

#![allow(
    clippy::expect_used,
    reason = "what a fuzz target expects is what it is there to prove"
)]

mod audio;
mod call;
mod signalling;
mod text;

pub use audio::*;
pub use call::*;
pub use signalling::*;
pub use text::*;

/// A function to be fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and that of the fuzz target.
    pub name: &'static str,
    /// Takes any octets.
    pub run: fn(&[u8]),
    /// Folders of seeds: `seeds/…` and `torture/…` among the fixtures, all else in this project.
    pub seeds: &'static [&'static str],
}

const fn target(name: &'static str, run: fn(&[u8]), seeds: &'static [&'static str]) -> Target {
    Target { name, run, seeds }
}

const SIP: &[&str] = &["seeds/sip-odd", "torture/rfc4475", "torture/rfc5118"];
const XML: &[&str] = &[
    "seeds/xml",
    "conf/dialplan",
    "conf/autoload_configs",
    "conf/directory",
];

/// Every target.
pub const TARGETS: &[Target] = &[
    target("arguments", arguments, &["seeds/uri"]),
    target("configuration", configuration, XML),
    target("dial_string", dial_string, &["seeds/uri"]),
    target(
        "dialplan",
        dialplan,
        &["conf/dialplan", "conf/dialplan/default"],
    ),
    target("digest", digest, SIP),
    target("event_socket", event_socket, &["seeds/http"]),
    target("inline_dialplan", inline_dialplan, &["seeds/uri"]),
    target("pattern", pattern, &["seeds/uri"]),
    target("percent", percent, &["seeds/http", "seeds/uri"]),
    target("rtcp", rtcp, &["seeds/rtcp", "seeds/srtp"]),
    target("rtp", rtp, &["seeds/rtp", "seeds/srtp"]),
    target("rtp_leg", rtp_leg, &["seeds/rtp", "seeds/rtcp"]),
    target("sdp", sdp, &["seeds/sdp-odd"]),
    target("sip_core", sip_core, SIP),
    target("sip_message", sip_message, SIP),
    target("sip_stream", sip_stream, SIP),
    target("sip_uri", sip_uri, &["seeds/uri"]),
    target(
        "sound_file",
        sound_file,
        &["sounds/en/us/callie/digits/8000"],
    ),
    target("sound_name", sound_name, &["seeds/uri"]),
    target("stun", stun, &["seeds/stun"]),
    target("template", template, &["seeds/uri"]),
    target("tone_script", tone_script, &["seeds/uri"]),
    target("xml", xml, XML),
];
