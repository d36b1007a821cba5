//! Text put together from several files that still knows where each character was written.

use std::sync::Arc;

use crate::diagnostics::Source;

/// Longer pieces are cut, so that finding a column never counts more octets than this: documents from outside may be one line.
const LONGEST_PIECE: usize = 512;

#[derive(Clone, Debug)]
struct Piece {
    /// Where it begins in the text, in octets.
    start: usize,
    file: Arc<str>,
    line: u32,
    column: u32,
    /// Whether the characters are those of the file, so that columns go on counting.
    copied: bool,
}

/// A text and the places its pieces came from.
#[derive(Clone, Debug, Default)]
pub struct LocatedText {
    text: String,
    pieces: Vec<Piece>,
}

impl LocatedText {
    /// The text of one file as it stands.
    pub fn of_file(file: &str, text: &str) -> Self {
        let file: Arc<str> = file.into();
        let mut located = Self::default();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
            located.push(line, &file, number, 1, true);
        }
        located
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Append a text written at a place. `copied` is false for text that stands for what is written there.
    pub fn push(&mut self, text: &str, file: &Arc<str>, line: u32, column: u32, copied: bool) {
        let mut column = column;
        let mut rest = text;
        while !rest.is_empty() {
            let mut length = if copied {
                rest.len().min(LONGEST_PIECE)
            } else {
                rest.len()
            };
            while !rest.is_char_boundary(length) {
                length += 1;
            }
            let (piece, after) = rest.split_at(length);
            let start = self.text.len();
            self.pieces.push(Piece {
                start,
                file: Arc::clone(file),
                line,
                column,
                copied,
            });
            self.text.push_str(piece);
            let characters = u32::try_from(piece.chars().count()).unwrap_or(u32::MAX);
            column = column.saturating_add(characters);
            rest = after;
        }
    }

    /// Append a part of another located text.
    pub fn push_part(&mut self, other: &LocatedText, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let index = other.pieces.partition_point(|piece| piece.start <= at);
            let stop = other
                .pieces
                .get(index)
                .map_or(end, |next| next.start.min(end));
            let source = other.source(at);
            let copied = index.checked_sub(1).is_none_or(|i| other.pieces[i].copied);
            self.push(
                &other.text[at..stop],
                &source.file,
                source.line,
                source.column,
                copied,
            );
            at = stop;
        }
    }

    /// Where the character at an octet was written.
    pub fn source(&self, at: usize) -> Source {
        let index = self.pieces.partition_point(|piece| piece.start <= at);
        let Some(piece) = index
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
        else {
            return Source::new("", 1, 1);
        };
        let within = if piece.copied {
            self.text
                .get(piece.start..at)
                .map_or(0, |text| text.chars().count())
        } else {
            0
        };
        let column = piece
            .column
            .saturating_add(u32::try_from(within).unwrap_or(u32::MAX));
        Source {
            file: Arc::clone(&piece.file),
            line: piece.line,
            column,
        }
    }
}
