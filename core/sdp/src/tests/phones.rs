//! Golden pairs: an offer in the shape a kind of phone sends, and our answer to the letter.

use super::{lines, local, local_g711, read};
use crate::{Negotiation, NegotiationError, answer};

fn assert_answer(offer: &str, mode: Negotiation, media: &[&str]) -> crate::Agreed {
    let answered = answer(&read(offer), &local(), mode).expect("an answer");
    let mut expected = vec![
        "v=0",
        "o=Strowger 1000 1 IN IP4 192.0.2.10",
        "s=Strowger",
        "c=IN IP4 192.0.2.10",
        "t=0 0",
    ];
    expected.extend(media);
    assert_eq!(lines(&answered.description), expected);
    answered.agreed
}

const YEALINK: &str = "v=0
    o=- 20017 20017 IN IP4 198.51.100.21
    s=SDP data
    c=IN IP4 198.51.100.21
    t=0 0
    m=audio 11806 RTP/AVP 9 0 8 18 101
    a=rtpmap:9 G722/8000
    a=rtpmap:0 PCMU/8000
    a=rtpmap:8 PCMA/8000
    a=rtpmap:18 G729/8000
    a=fmtp:18 annexb=no
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=ptime:20
    a=sendrecv";

#[test]
fn yealink_gets_its_first_codec() {
    let agreed = assert_answer(
        YEALINK,
        Negotiation::Generous,
        &[
            "m=audio 20000 RTP/AVP 9 101",
            "a=rtpmap:9 G722/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
            "a=sendrecv",
        ],
    );
    assert_eq!(
        agreed.remote_rtp,
        Some("198.51.100.21:11806".parse().unwrap())
    );
    assert_eq!(agreed.remote_rtcp, "198.51.100.21:11807".parse().unwrap());
    assert_eq!(agreed.telephone_event.unwrap().payload_type, 101);
    assert!(!agreed.remote_held);
}

#[test]
fn polycom_with_events_under_127_and_video_refused() {
    let agreed = assert_answer(
        "v=0
        o=- 1423520138 1423520138 IN IP4 198.51.100.30
        s=Polycom IP Phone
        c=IN IP4 198.51.100.30
        b=AS:512
        t=0 0
        a=sendrecv
        m=audio 2238 RTP/AVP 102 0 8 127
        a=rtpmap:102 G7221/16000
        a=fmtp:102 bitrate=32000
        a=rtpmap:127 telephone-event/8000
        m=video 2240 RTP/AVP 109 34
        b=TIAS:512000
        a=rtpmap:109 H264/90000
        a=fmtp:109 profile-level-id=42800d; packetization-mode=0",
        Negotiation::Generous,
        &[
            "m=audio 20000 RTP/AVP 0 127",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:127 telephone-event/8000",
            "a=fmtp:127 0-15",
            "a=ptime:20",
            "a=sendrecv",
            "m=video 0 RTP/AVP 109 34",
        ],
    );
    assert_eq!(agreed.telephone_event.unwrap().payload_type, 127);
    assert_eq!(agreed.media_index, 0);
}

#[test]
fn baresip_with_opus_and_rtcp_line() {
    let agreed = assert_answer(
        "v=0
        o=- 3290741223 1834923671 IN IP4 198.51.100.40
        s=-
        c=IN IP4 198.51.100.40
        t=0 0
        a=tool:baresip 3.1.0
        m=audio 23456 RTP/AVP 96 0 97 98
        a=rtpmap:96 opus/48000/2
        a=fmtp:96 stereo=1;sprop-stereo=1
        a=rtpmap:0 PCMU/8000
        a=rtpmap:97 telephone-event/48000
        a=fmtp:97 0-15
        a=rtpmap:98 telephone-event/8000
        a=fmtp:98 0-15
        a=rtcp:33333
        a=rtcp-mux
        a=sendrecv
        a=ptime:20
        a=label:1",
        Negotiation::Generous,
        &[
            "m=audio 20000 RTP/AVP 96 97",
            "a=rtpmap:96 opus/48000/2",
            "a=fmtp:96 useinbandfec=1",
            "a=rtpmap:97 telephone-event/48000",
            "a=fmtp:97 0-15",
            "a=ptime:20",
            "a=sendrecv",
        ],
    );
    assert_eq!(agreed.remote_rtcp, "198.51.100.40:33333".parse().unwrap());
    assert_eq!(
        agreed.send[0].fmtp.as_deref(),
        Some("stereo=1;sprop-stereo=1")
    );
    assert_eq!(agreed.receive[0].fmtp.as_deref(), Some("useinbandfec=1"));
}

const LINPHONE: &str = "v=0
    o=alice 2291 3871 IN IP4 198.51.100.50
    s=Talk
    c=IN IP4 198.51.100.50
    t=0 0
    a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics
    m=audio 7078 RTP/AVPF 96 97 0 8 98
    a=rtpmap:96 opus/48000/2
    a=fmtp:96 useinbandfec=1
    a=rtpmap:97 speex/16000
    a=fmtp:97 vbr=on
    a=rtpmap:98 telephone-event/48000
    a=rtcp-fb:* trr-int 5000
    m=video 9078 RTP/AVPF 96
    a=rtpmap:96 VP8/90000";

#[test]
fn linphone_keeps_its_feedback_profile() {
    assert_answer(
        LINPHONE,
        Negotiation::Generous,
        &[
            "m=audio 20000 RTP/AVPF 96 98",
            "a=rtpmap:96 opus/48000/2",
            "a=fmtp:96 useinbandfec=1",
            "a=rtpmap:98 telephone-event/48000",
            "a=fmtp:98 0-15",
            "a=ptime:20",
            "a=sendrecv",
            "m=video 0 RTP/AVPF 96",
        ],
    );
}

#[test]
fn sipp_with_one_bare_static_codec() {
    let agreed = assert_answer(
        "v=0
        o=user1 53655765 2353687637 IN IP4 198.51.100.60
        s=-
        c=IN IP4 198.51.100.60
        t=0 0
        m=audio 6000 RTP/AVP 8",
        Negotiation::Generous,
        &[
            "m=audio 20000 RTP/AVP 8",
            "a=rtpmap:8 PCMA/8000",
            "a=ptime:20",
            "a=sendrecv",
        ],
    );
    assert_eq!(agreed.telephone_event, None, "the peer has no DTMF format");
}

#[test]
fn browser_is_told_which_profile_is_in_the_way() {
    let offer = read(
        "v=0
        o=- 4611731400430051336 2 IN IP4 127.0.0.1
        s=-
        t=0 0
        a=group:BUNDLE 0
        a=msid-semantic: WMS stream
        m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
        c=IN IP4 0.0.0.0
        a=rtcp:9 IN IP4 0.0.0.0
        a=ice-ufrag:aBcD
        a=ice-pwd:0123456789abcdefghijklmn
        a=fingerprint:sha-256 00:11:22
        a=setup:actpass
        a=mid:0
        a=sendrecv
        a=rtcp-mux
        a=rtpmap:111 opus/48000/2
        a=rtpmap:63 red/48000/2
        a=fmtp:63 111/111
        a=rtpmap:110 telephone-event/48000
        a=rtpmap:126 telephone-event/8000",
    );
    assert_eq!(
        answer(&offer, &local(), Negotiation::Generous),
        Err(NegotiationError::UnsupportedTransport {
            protocol: "UDP/TLS/RTP/SAVPF".to_owned()
        })
    );
    let names: Vec<_> = offer.media[0]
        .rtpmaps()
        .into_iter()
        .map(|f| f.name)
        .collect();
    let expected = [
        "OPUS",
        "RED",
        "G722",
        "PCMU",
        "PCMA",
        "CN",
        "TELEPHONE-EVENT",
        "TELEPHONE-EVENT",
    ];
    assert_eq!(names, expected);
    assert_eq!(offer.media[0].telephone_event().unwrap().payload_type, 126);
}

#[test]
fn phone_offering_encrypted_and_plain_gets_the_plain_one() {
    let agreed = assert_answer(
        "v=0
        o=- 5 5 IN IP4 198.51.100.61
        s=-
        c=IN IP4 198.51.100.61
        t=0 0
        m=audio 5000 RTP/SAVP 0
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
        m=audio 5002 RTP/AVP 0",
        Negotiation::Generous,
        &[
            "m=audio 0 RTP/SAVP 0",
            "m=audio 20000 RTP/AVP 0",
            "a=rtpmap:0 PCMU/8000",
            "a=ptime:20",
            "a=sendrecv",
        ],
    );
    assert_eq!(agreed.media_index, 1);
}

#[test]
fn whose_order_counts() {
    let offer = read(YEALINK);
    let mut ours = local();
    ours.formats.reverse();
    let first = |mode| {
        answer(&offer, &ours, mode).expect("an answer").agreed.send[0]
            .name
            .clone()
    };
    assert_eq!(first(Negotiation::Generous), "G722");
    assert_eq!(first(Negotiation::Greedy), "PCMA");
    assert_eq!(first(Negotiation::Scrooge), "PCMA");
}

#[test]
fn packet_time_decides_between_equal_codecs_save_for_scrooge() {
    let offer = read(
        "v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\nm=audio 4000 RTP/AVP 0 8\na=ptime:30",
    );
    let mut ours = local_g711();
    ours.formats[0].ptime = Some(20);
    let agreed =
        |ours: &crate::LocalAudio, mode| answer(&offer, ours, mode).expect("an answer").agreed;
    assert_eq!(
        agreed(&ours, Negotiation::Generous).send[0].name,
        "PCMA",
        "PCMU is tied to 20 ms"
    );
    assert_eq!(agreed(&ours, Negotiation::Scrooge).send[0].name, "PCMU");
    ours.formats.truncate(1);
    let near = agreed(&ours, Negotiation::Generous);
    assert_eq!(
        (near.send[0].name.as_str(), near.ptime),
        ("PCMU", 30),
        "a near match is better than none"
    );
}

#[test]
fn clock_rate_matters_save_for_scrooge() {
    let mut ours = local();
    ours.formats = vec![super::codec(None, "speex", 8000, 1)];
    let offer = read(LINPHONE);
    let problem = answer(&offer, &ours, Negotiation::Greedy).expect_err("no codec");
    assert!(
        matches!(&problem, NegotiationError::NoCommonCodec { ours, .. } if ours == "SPEEX/8000"),
        "{problem}"
    );
    let agreed = answer(&offer, &ours, Negotiation::Scrooge)
        .expect("an answer")
        .agreed;
    assert_eq!(agreed.send[0].clock_rate, 16000);
}

#[test]
fn longest_packet_time_of_the_peer_is_kept() {
    for (attributes, expected) in [
        ("a=maxptime:10", 10),
        ("a=ptime:20\na=maxptime:150", 20),
        ("a=ptime:3", 20),
    ] {
        let offer = super::simple_offer("c=IN IP4 198.51.100.7", attributes);
        let agreed = answer(&offer, &local(), Negotiation::Generous)
            .expect("an answer")
            .agreed;
        assert_eq!(agreed.ptime, expected, "{attributes}");
    }
}

#[test]
fn g722_misspelt_with_16000_is_understood() {
    let offer = read(
        "v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\nm=audio 4000 RTP/AVP 9\na=rtpmap:9 g722/16000",
    );
    let agreed = answer(&offer, &local(), Negotiation::Generous)
        .expect("an answer")
        .agreed;
    assert_eq!(
        (agreed.send[0].name.as_str(), agreed.send[0].clock_rate),
        ("G722", 8000)
    );
}

#[test]
fn annex_b_refused_by_the_offer_is_refused_in_the_answer() {
    let mut ours = local();
    ours.formats = vec![super::codec(Some(18), "G729", 8000, 1)];
    let answered = answer(&read(YEALINK), &ours, Negotiation::Generous).expect("an answer");
    assert!(lines(&answered.description).contains(&"a=fmtp:18 annexb=no".to_owned()));
}

#[test]
fn nothing_to_speak_with() {
    let video = "v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\nm=video 4000 RTP/AVP 34";
    let closed =
        "v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\nm=audio 0 RTP/AVP 0";
    let dtmf = "v=0\no=- 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\nm=audio 4000 RTP/AVP 101\n\
                a=rtpmap:101 telephone-event/8000";
    assert_eq!(
        answer(&read(video), &local(), Negotiation::Generous),
        Err(NegotiationError::NoAudio)
    );
    assert_eq!(
        answer(&read(closed), &local(), Negotiation::Generous),
        Err(NegotiationError::NoAudio)
    );
    let problem =
        answer(&read(dtmf), &local(), Negotiation::Generous).expect_err("DTMF is no speech");
    assert!(
        problem.to_string().contains("TELEPHONE-EVENT/8000"),
        "{problem}"
    );
}
