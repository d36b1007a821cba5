//! TCP: messages in pieces, keep-alives, and connections that say nothing.

use crate::exchange::{DOMAIN, Exchange};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn options(call_id: &str) -> String {
    format!(
        "OPTIONS sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bK{call_id}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:{DOMAIN}>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

fn connect(exchange: &Exchange) -> TcpStream {
    let stream = TcpStream::connect(exchange.address).expect("a connection");
    // Each piece in a packet of its own.
    stream.set_nodelay(true).expect("it is set");
    stream
        .set_read_timeout(Some(Duration::from_secs(8)))
        .expect("a timeout");
    stream
}

fn read(stream: &mut TcpStream) -> String {
    let mut buffer = [0; 4_096];
    let length = stream.read(&mut buffer).expect("octets in time");
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_in_pieces_and_two_at_once_are_answered() {
    let exchange = Exchange::start().await;
    let mut stream = connect(&exchange);
    stream.write_all(b"\r\n\r\n").unwrap();
    assert_eq!(read(&mut stream), "\r\n");
    let text = options("pieces");
    let (head, tail) = text.split_at(40);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(tail.as_bytes()).unwrap();
    assert!(read(&mut stream).starts_with("SIP/2.0 200"));
    stream
        .write_all(format!("{}{}", options("one"), options("two")).as_bytes())
        .unwrap();
    let mut both = String::new();
    while both.matches("SIP/2.0 200").count() < 2 {
        both.push_str(&read(&mut stream));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_closes_its_half_still_gets_the_answer() {
    let exchange = Exchange::start().await;
    let mut stream = connect(&exchange);
    stream.write_all(options("half").as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(read(&mut stream).starts_with("SIP/2.0 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_says_nothing_is_closed_and_one_that_speaks_another_language_too() {
    let exchange = Exchange::start().await;
    let mut silent = connect(&exchange);
    let mut alien = connect(&exchange);
    alien
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let begun = Instant::now();
    assert_eq!(read(&mut alien), "");
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(read(&mut silent), "");
    assert!(begun.elapsed() > Duration::from_secs(4));
}
