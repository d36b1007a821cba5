//! Attacks on signalling and configuration: guessing, replaying, flooding, and hostile files.

use crate::exchange::{Exchange, Setup};
use crate::phone::{Line, Reply};
use crate::sip_wire::{Dialog, Wire, unique};
use socket2::{Domain, Socket, Type};
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

/// Idle connections an attacker opens.
const IDLE_CONNECTIONS: usize = 1_500;
/// After this time none of them may be left.
const IDLE_LIMIT: Duration = Duration::from_secs(45);
/// The attacker's own address.
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn loopback() -> IpAddr {
    IpAddr::V4(Ipv4Addr::LOCALHOST)
}

/// Fails unless the exchange answers OPTIONS.
pub fn assert_answers(exchange: &Exchange, after: &str) {
    let mut wire = Wire::udp(loopback(), exchange.address());
    let uri = format!("sip:{}", exchange.address());
    let mut dialog = Dialog::new(&uri, "sip:tester@127.0.0.1", &uri);
    dialog.cseq = 1;
    for _ in 0..3 {
        let text = dialog.request("OPTIONS", &wire, &unique(), "", "");
        wire.send(text.as_bytes());
        if let Some(answer) = wire.receive(Duration::from_secs(2)) {
            assert!(answer.status().is_some(), "{}", answer.start);
            return;
        }
    }
    panic!(
        "the exchange no longer answers after {after}:\n{}",
        exchange.log_tail(20)
    );
}

/// The challenge to a REGISTER of this line.
fn challenge(line: &mut Line, dialog: &mut Dialog, extra: &str) -> Reply {
    dialog.cseq += 1;
    let text = dialog.request("REGISTER", &line.wire, &unique(), extra, "");
    line.ask(&text, "REGISTER", &dialog.call_id)
        .expect("an answer")
}

fn registration(user: &str) -> Dialog {
    let own = format!("sip:{user}@127.0.0.1");
    Dialog::new("sip:127.0.0.1", &own, &own)
}

#[test]
fn overheard_proof_and_invented_nonce_are_refused() {
    let exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    let extra = format!("{}Expires: 60\r\n", line.contact());
    let mut dialog = registration("1000");
    let first = challenge(&mut line, &mut dialog, &extra);
    assert_eq!(first.status, 401);
    let mut question = first.message.challenge().expect("an MD5 challenge");
    let accepted = line
        .request_with(&mut dialog, "REGISTER", &extra, "", &question)
        .expect("an answer");
    assert_eq!(accepted.status, 200);

    // The same proof again: first in the same dialog, then by somebody else.
    let again = line
        .request_with(&mut dialog, "REGISTER", &extra, "", &question)
        .expect("an answer");
    assert_eq!(again.status, 401, "the same nonce count a second time");
    let mut thief = Line::over(
        Wire::udp(IpAddr::V4(ATTACKER), exchange.address()),
        &exchange.user("1000"),
    );
    let stolen = thief
        .request_with(&mut registration("1000"), "REGISTER", &extra, "", &question)
        .expect("an answer");
    assert_eq!(
        stolen.status, 401,
        "an overheard proof from another address"
    );

    question.nonce = "0123456789abcdef0123456789abcdef".to_owned();
    let invented = line
        .request_with(&mut dialog, "REGISTER", &extra, "", &question)
        .expect("an answer");
    assert_eq!(invented.status, 401, "a nonce that nobody issued");
    assert_answers(&exchange, "replays");
}

/// What a stranger can compare: status, names of the headers in order, and their lengths, with the names
/// of the users made equal.
fn shape(reply: &Reply, user: &str) -> (u16, Vec<String>) {
    let headers = reply
        .message
        .headers
        .iter()
        .filter(|(name, _)| !["Via", "From", "To", "Call-ID", "Date"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}:{}", value.replace(user, "USER").len()))
        .collect();
    (reply.status, headers)
}

#[test]
fn unknown_users_look_like_known_ones() {
    let exchange = Exchange::start();
    let mut shapes = Vec::new();
    for user in ["1009", "7777"] {
        let mut known = exchange.user("1009");
        known.user = user.to_owned();
        known.password = "wrong-in-any-case".to_owned();
        let mut line = Line::new(&exchange, &known);
        let extra = format!("{}Expires: 60\r\n", line.contact());
        let mut dialog = registration(user);
        let first = challenge(&mut line, &mut dialog, &extra);
        let question = first.message.challenge().expect("an MD5 challenge");
        let second = line
            .request_with(&mut dialog, "REGISTER", &extra, "", &question)
            .expect("an answer");
        let mut invite = line.dialog_to("9196");
        invite.cseq = 1;
        let text = invite.request("INVITE", &line.wire, &unique(), &extra, "");
        let third = line
            .ask(&text, "INVITE", &invite.call_id)
            .expect("an answer");
        shapes.push([
            shape(&first, user),
            shape(&second, user),
            shape(&third, user),
        ]);
    }
    assert_eq!(
        shapes[0], shapes[1],
        "known user on the left, unknown one on the right"
    );
}

#[test]
fn methods_without_a_password_have_no_effect() {
    let exchange = Exchange::start();
    let user = exchange.user("1000");
    for method in [
        "MESSAGE",
        "SUBSCRIBE",
        "PUBLISH",
        "REFER",
        "INFO",
        "NOTIFY",
        "INVITE",
        "REGISTER",
        "UPDATE",
    ] {
        let mut line = Line::new(&exchange, &user);
        let mut dialog = line.dialog_to("1001");
        dialog.cseq = 1;
        let extra = format!(
            "{}Event: message-summary\r\nRefer-To: <sip:9196@127.0.0.1>\r\nExpires: 60\r\n",
            line.contact()
        );
        let text = dialog.request(method, &line.wire, &unique(), &extra, "");
        let reply = line.ask(&text, method, &dialog.call_id).expect("an answer");
        assert!(
            (400..600).contains(&reply.status),
            "{method} without a password: {}",
            reply.message.start
        );
    }
    let mut line = Line::new(&exchange, &user);
    let mut dialog = line.dialog_to("1001");
    dialog.cseq = 1;
    let text = dialog.request("JUGGLE", &line.wire, &unique(), "", "");
    let reply = line
        .ask(&text, "JUGGLE", &dialog.call_id)
        .expect("an answer");
    assert!(
        matches!(reply.status, 405 | 501),
        "unknown method: {}",
        reply.message.start
    );
    assert_eq!(exchange.count("channels"), 0);
    assert_eq!(exchange.count("registrations"), 0);
}

#[test]
fn nobody_registers_or_calls_in_the_name_of_another() {
    let exchange = Exchange::start();
    let mut thief = Line::new(&exchange, &exchange.user("1000"));
    let extra = format!("{}Expires: 60\r\n", thief.contact());
    let reply = thief
        .request(&mut registration("1001"), "REGISTER", &extra, "")
        .expect("an answer");
    assert!(
        matches!(reply.status, 401 | 403),
        "1000 registers as 1001: {}",
        reply.message.start
    );
    assert_eq!(exchange.count("registrations"), 0);
}

#[test]
fn strangers_reach_the_published_numbers_and_nothing_else() {
    let exchange = Exchange::start();
    let port = SocketAddr::from((Ipv4Addr::LOCALHOST, exchange.external_port()));
    let mut stranger = Line::over(Wire::udp(loopback(), port), &exchange.user("1000"));
    assert_ne!(
        stranger.register(60),
        200,
        "nobody registers on the trunks' port"
    );
    for number in ["9196", "1000", "*98", "5900"] {
        let refused = stranger.call(number).err();
        assert!(
            refused.is_some_and(|status| status >= 400),
            "a stranger reaches {number}"
        );
    }
    // 5551212 rings 1000, who is not there: voicemail answers.
    let mut call = stranger
        .call("5551212")
        .expect("the published number answers");
    assert_eq!(call.hang_up(), 200);
}

#[test]
fn weak_password_is_warned_of_and_works_on_loopback_only() {
    let weak = || {
        Setup::stock().edit(
            "directory/default/1005.xml",
            "value=\"$${secret_sip_1005}\"",
            "value=\"1234\"",
        )
    };
    let exchange = weak().start();
    let check = exchange
        .command("check")
        .arg("--json")
        .output()
        .expect("the program can be run");
    let found: serde_json::Value = serde_json::from_slice(&check.stdout).expect("JSON");
    let warned = found["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|problem| {
            problem["file"]
                .as_str()
                .is_some_and(|file| file.contains("1005.xml"))
        });
    assert!(warned, "a password of 1234 is worth a warning: {found}");
    let mut user = exchange.user("1005");
    user.password = "1234".to_owned();
    assert_eq!(Line::new(&exchange, &user).register(60), 200);
    drop(exchange);

    // On an address that others reach, the exchange must not start with it.
    let mut setup = weak();
    let data = tempfile::tempdir().expect("a temporary folder");
    let ports = crate::ports::PortBlock::take(1);
    let mut command = Command::new(crate::exchange::program());
    command
        .arg("run")
        .arg("--conf")
        .arg(setup.copy())
        .arg("--data")
        .arg(data.path())
        .arg("--sounds")
        .arg(crate::exchange::project_root().join("sounds"));
    for (name, value) in [
        ("local_ip_v4", "0.0.0.0".to_owned()),
        ("domain", "127.0.0.1".to_owned()),
        ("internal_sip_port", ports.at(0).to_string()),
        ("external_sip_port", ports.at(2).to_string()),
        ("event_socket_port", ports.at(4).to_string()),
    ] {
        command.arg("--set").arg(format!("{name}={value}"));
    }
    assert_refuses_to_start(command);
}

fn assert_refuses_to_start(mut command: Command) {
    let mut child = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program can be run");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(15) {
        if let Some(status) = child.try_wait().expect("the process can be asked") {
            let mut said = String::new();
            let _ = child
                .stderr
                .take()
                .expect("piped")
                .read_to_string(&mut said);
            assert!(!status.success(), "it ended without an error");
            assert!(said.contains("1005"), "it names the user: {said}");
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
    panic!("the exchange runs with the password 1234 on every address");
}

fn connect_from(address: Ipv4Addr, server: SocketAddr) -> Option<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket
        .bind(&SocketAddr::from((address, 0)).into())
        .expect("a loopback address");
    socket
        .connect_timeout(&server.into(), Duration::from_millis(500))
        .ok()?;
    Some(socket.into())
}

fn is_closed(stream: &mut TcpStream) -> bool {
    stream
        .set_nonblocking(true)
        .expect("sockets can be non-blocking");
    match stream.read(&mut [0; 64]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

/// Room in this process for the attacker's own end of the connections.
fn allow_handles() {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("Linux");
    let allowed = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
    if allowed.is_some_and(|allowed| allowed < 2 * IDLE_CONNECTIONS) {
        let _ = Command::new("prlimit")
            .args(["--pid", &std::process::id().to_string(), "--nofile=4096:"])
            .status();
    }
}

#[test]
fn fifteen_hundred_idle_connections_are_gone_and_lock_nobody_out() {
    let exchange = Exchange::start();
    let user = exchange.user("1000");
    let mut known = Line::over(Wire::tcp(exchange.address()).expect("a connection"), &user);
    assert_eq!(known.register(600), 200);
    allow_handles();
    let start = Instant::now();
    let mut idle: Vec<TcpStream> = (0..IDLE_CONNECTIONS)
        .filter_map(|_| connect_from(ATTACKER, exchange.address()))
        .collect();
    while start.elapsed() < IDLE_LIMIT {
        let opened = Wire::tcp(exchange.address()).expect("a known address can still connect");
        let mut phone = Line::over(opened, &exchange.user("1001"));
        assert_eq!(
            phone.register(600),
            200,
            "a phone registers during the attack"
        );
        std::thread::sleep(Duration::from_secs(5));
        idle.retain_mut(|stream| !is_closed(stream));
        if idle.is_empty() {
            break;
        }
    }
    assert!(
        idle.is_empty(),
        "{} idle connections are left after {IDLE_LIMIT:?}",
        idle.len()
    );
    assert_answers(&exchange, "the idle connections");
}

#[test]
fn forged_bye_does_not_end_a_call() {
    let exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    let mut call = line.call("9196").expect("9196 answers");
    let mut forged = call.dialog.clone();
    forged.cseq += 10;
    let mut attacker = Wire::udp(IpAddr::V4(ATTACKER), exchange.address());
    // Right tags from a foreign address, then wrong tags.
    let right = forged.request("BYE", &attacker, &unique(), "", "");
    attacker.send(right.as_bytes());
    forged.from = format!("{}x", forged.from);
    let wrong = forged.request("BYE", &attacker, &unique(), "", "");
    attacker.send(wrong.as_bytes());
    let heard = call.rtp.talk(Some(440.0), Duration::from_secs(2));
    crate::tone::assert_heard("the caller", &heard.samples, 440.0, 1.4);
    assert_eq!(call.hang_up(), 200, "the call was still there");
}

#[test]
fn deeply_nested_configuration_is_an_error_with_its_place() {
    let exchange = Exchange::start();
    let deep = format!(
        "<include>\n{}{}</include>\n",
        "<a>\n".repeat(5_000),
        "</a>\n".repeat(5_000)
    );
    let mut setup = Setup::stock().file("dialplan/default/99_deep.xml", &deep);
    let output = Command::new(crate::exchange::program())
        .args(["check", "--json", "--conf"])
        .arg(setup.copy())
        .arg("--data")
        .arg(exchange.data())
        .output()
        .expect("the program can be run");
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let placed = found["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|problem| {
            problem["severity"] == "error"
                && problem["file"]
                    .as_str()
                    .is_some_and(|file| file.ends_with("99_deep.xml"))
                && problem["line"].as_u64().is_some_and(|line| line > 1)
        });
    assert!(placed, "{found}");
}

#[test]
fn foreign_protocols_on_the_sip_port_do_no_harm() {
    let exchange = Exchange::start();
    let alien: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl",
        &[0; 512],
        b"\r\n\r\n",
        &[0xff; 1400],
    ];
    for message in alien {
        let mut udp = Wire::udp(IpAddr::V4(ATTACKER), exchange.address());
        udp.send(message);
        if let Ok(mut tcp) = Wire::tcp(exchange.address()) {
            tcp.send(message);
        }
    }
    assert_answers(&exchange, "foreign protocols");
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    assert_eq!(line.register(60), 200);
}
