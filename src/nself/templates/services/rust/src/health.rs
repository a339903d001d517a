//! `server --health`: whether the service beside this one answers; for images, which have no curl.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

const LONGEST: Duration = Duration::from_secs(2);

pub fn probe(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), LONGEST)?;
    stream.set_read_timeout(Some(LONGEST))?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_whitespace().nth(1) {
        Some("200") => Ok(()),
        status => Err(io::Error::other(format!("/health answered {status:?}"))),
    }
}
