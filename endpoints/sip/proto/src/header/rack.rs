//! RSeq and RAck: reliable provisional responses (RFC 3262).

use std::fmt;

use crate::message::{CSeq, HeaderError, HeaderTable, digits};

/// RAck: which provisional response a PRACK confirms.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RAck {
    /// RSeq of the response.
    pub rseq: u32,
    /// CSeq of the response.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads `rseq number METHOD`.
    pub fn parse(text: &str) -> Result<RAck, HeaderError> {
        let error = |what| HeaderError::new("RAck", what);
        let (rseq, cseq) = text
            .trim()
            .split_once([' ', '\t'])
            .ok_or(error("must be two numbers and a method"))?;
        let rseq = digits(rseq)
            .and_then(|rseq| u32::try_from(rseq).ok())
            .ok_or(error("the RSeq is no number"))?;
        let cseq = CSeq::parse(cseq).map_err(|inner| error(inner.what))?;
        Ok(RAck { rseq, cseq })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

impl HeaderTable {
    /// RAck; `None` when absent.
    pub fn rack(&self) -> Result<Option<RAck>, HeaderError> {
        self.get("RAck").map(RAck::parse).transpose()
    }

    /// RSeq; `None` when absent.
    pub fn rseq(&self) -> Result<Option<u32>, HeaderError> {
        self.seconds("RSeq")
    }
}
