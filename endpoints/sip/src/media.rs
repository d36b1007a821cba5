//! What media a leg of a profile may use.

use crate::profile::Profile;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use strowger_core::endpoint::{LegTransport, MediaProfile, RtpProfile, Sdp};
use strowger_model::Variables;
use strowger_sip_proto::message::{HeaderTable, parts};

/// Media of a leg to the peer at this address; `None` while it is not known.
pub(crate) fn profile(
    profile: &Profile,
    peer: Option<IpAddr>,
    variables: &Variables,
) -> MediaProfile {
    let conf = profile.conf.load();
    let bind = choose(profile, &conf.rtp_ips);
    let local = if bind.is_unspecified() {
        profile.shown_local()
    } else {
        bind
    };
    let advertised = match profile.outside.load().rtp {
        // An address of the other family is of no use to this socket's peers.
        Some(outside)
            if outside.is_ipv4() == local.is_ipv4()
                && peer.is_some_and(|peer| !profile.is_local(peer)) =>
        {
            outside
        }
        _ => local,
    };
    MediaProfile {
        transport: LegTransport::Rtp(RtpProfile {
            bind,
            advertised,
            signalling_source: peer,
            media_from_anywhere: variables.is_true("rtp_media_from_anywhere"),
            username: conf.sdp_user.clone(),
        }),
        codecs: conf.codecs_in.clone(),
        outbound_codecs: Some(conf.codecs_out.clone()),
        negotiation: conf.negotiation,
        telephone_event: conf.telephone_event,
        dtmf_by_signalling: match variables.text("dtmf_type") {
            Some(kind) => kind.eq_ignore_ascii_case("info"),
            None => conf.dtmf_by_signalling,
        },
        hold_music: variables
            .text("hold_music")
            .map(str::to_owned)
            .or_else(|| conf.hold_music.clone()),
        media_timeout: conf.media_timeout,
        hold_timeout: conf.hold_timeout,
    }
}

/// Addresses for media are used in turn.
fn choose(profile: &Profile, addresses: &[IpAddr]) -> IpAddr {
    let turn = profile.next_rtp.fetch_add(1, Ordering::Relaxed);
    addresses
        .get(turn % addresses.len().max(1))
        .copied()
        .unwrap_or(profile.local().ip())
}

/// The session description in a message: its body, or the part of a multipart body.
pub(crate) fn description(headers: &HeaderTable, body: &[u8]) -> Option<Sdp> {
    if body.is_empty() {
        return None;
    }
    // A body that is no multipart is its only part.
    parts(headers.content_type()?, body)
        .ok()?
        .iter()
        .find(|part| part.media_type == "application/sdp")
        .map(|part| Sdp(String::from_utf8_lossy(part.body).into_owned()))
}
