//! One UDP port pair; receives are batched by `recvmmsg`.
#![allow(unsafe_code)] // recvmmsg has no safe wrapper in the standard library

use crate::ports::RtpSockets;
use crate::rtp::packet::{MAX_DATAGRAM, is_rtcp};
use crate::transport::{Arrival, BATCH_PACKETS, Channel, PacketBatch, PacketTransport};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, RawFd};

/// RTCP packets read in one go; each leg sends one in five seconds.
const REPORTS_AT_ONCE: usize = 2;

impl PacketBatch {
    /// Fills the batch from `fd` by one `recvmmsg`; returns whether there may be more.
    fn receive_from(&mut self, fd: RawFd) -> bool {
        let room = BATCH_PACKETS - self.count;
        if room == 0 {
            return true;
        }
        // SAFETY: all-zero is a valid value of these plain C structures.
        let mut names: [libc::sockaddr_storage; BATCH_PACKETS] = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        let mut vectors: [libc::iovec; BATCH_PACKETS] = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        let mut messages: [libc::mmsghdr; BATCH_PACKETS] = unsafe { std::mem::zeroed() };
        for i in 0..room {
            let buffer = &mut self.buffers[self.count + i];
            vectors[i].iov_base = buffer.as_mut_ptr().cast();
            vectors[i].iov_len = MAX_DATAGRAM;
            messages[i].msg_hdr.msg_name = (&raw mut names[i]).cast();
            messages[i].msg_hdr.msg_namelen =
                size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            messages[i].msg_hdr.msg_iov = &raw mut vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: the first `room` headers point at live buffers, vectors and names of the stated sizes, which outlive the call;
        // `fd` is a socket that the caller owns; MSG_DONTWAIT keeps the call from blocking.
        let got = unsafe {
            libc::recvmmsg(
                fd,
                messages.as_mut_ptr(),
                room as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let got = usize::try_from(got).unwrap_or(0).min(room);
        for i in 0..got {
            let cut = messages[i].msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            let len = if cut {
                MAX_DATAGRAM + 1
            } else {
                messages[i].msg_len as usize
            };
            let from = address(&names[i]);
            let octets = &self.buffers[self.count][..len.min(MAX_DATAGRAM)];
            let channel = if is_rtcp(octets) {
                Channel::Rtcp
            } else {
                Channel::Rtp
            };
            self.arrivals[self.count] = Arrival {
                len,
                from: Some(from),
                channel,
            };
            self.count += 1;
        }
        got == room
    }
}

/// The address that the kernel wrote; something unspecified (which is nobody's) for other families.
fn address(storage: &libc::sockaddr_storage) -> SocketAddr {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the storage, which is large and aligned enough for any, holds a sockaddr_in.
            let v4 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in>() };
            SocketAddr::from((
                Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)),
                u16::from_be(v4.sin_port),
            ))
        }
        libc::AF_INET6 => {
            // SAFETY: as above, for sockaddr_in6.
            let v6 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            SocketAddr::V6(SocketAddrV6::new(
                ip,
                u16::from_be(v6.sin6_port),
                0,
                v6.sin6_scope_id,
            ))
        }
        _ => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
    }
}

impl PacketTransport for RtpSockets {
    fn receive(&mut self, batch: &mut PacketBatch, reports: bool) {
        if batch.receive_from(self.rtp.as_raw_fd()) || !reports {
            return;
        }
        for _ in 0..REPORTS_AT_ONCE {
            let more = batch.push_with(|buffer| {
                let (len, from) = self.rtcp.recv_from(buffer).ok()?;
                Some(Arrival {
                    len,
                    from: Some(from),
                    channel: Channel::Rtcp,
                })
            });
            if !more {
                break;
            }
        }
    }

    fn send(&mut self, channel: Channel, packet: &[u8], to: SocketAddr) -> bool {
        let socket = match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        };
        // A report to the media port goes through the media socket, whose port is the one that the far end knows (RFC 5761).
        socket.send_to(packet, to).is_ok()
    }

    fn readable(&self) -> Option<RawFd> {
        Some(self.rtp.as_raw_fd())
    }

    fn local(&self) -> Option<SocketAddr> {
        Some(RtpSockets::local(self))
    }
}
