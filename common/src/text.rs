//! The one rule for text that people type or paste: it is mended where that loses nothing, refused where it could
//! deceive, and stored in NFC.

use unicode_normalization::UnicodeNormalization;

use crate::Code;

/// The rule in words, for the documents of the API.
pub const RULE: &str = "\
Text is stored in NFC. What can be mended is mended: a tab or vertical tab becomes a blank; CR LF, CR, U+2028 and U+2029 \
become LF; characters that show nothing (U+00AD, U+180E, U+200B, U+2060 to U+2064, U+FEFF, U+FFF9 to U+FFFB), tags (U+E0000 to \
U+E007F) outside the flag of a region, and isolates (U+2066 to U+2069) without a partner on the same line are dropped. NUL and \
all other control characters, and the embeddings and overrides U+202A to U+202E, are refused with `text-invalid`. A field of one \
line is trimmed, and a line feed inside it is refused. Lengths are counted in Unicode scalar values, after all this.";

/// One line of text, trimmed, of at most `max` characters. `None` when nothing visible is left.
pub fn line(input: &str, max: usize) -> Result<Option<String>, Code> {
    checked(mended(input).trim(), max, |_| false)
}

/// Text of several lines, of at most `max` characters. `None` when nothing visible is left.
pub fn lines(input: &str, max: usize) -> Result<Option<String>, Code> {
    checked(&mended(input), max, |character| character == '\n')
}

/// A name: a line of 1 to 50 characters.
pub fn name(input: &str) -> Result<String, Code> {
    match line(input, 50) {
        Ok(name) => name.ok_or(Code::NameBlank),
        Err(Code::TextTooLong) => Err(Code::NameTooLong),
        Err(code) => Err(code),
    }
}

fn checked(text: &str, max: usize, allowed: fn(char) -> bool) -> Result<Option<String>, Code> {
    if text.chars().any(|character| is_refused(character) && !allowed(character)) {
        return Err(Code::TextInvalid);
    }
    if text.chars().count() > max {
        return Err(Code::TextTooLong);
    }
    Ok((!text.chars().all(is_blank)).then(|| text.to_owned()))
}

/// `input` as [`RULE`] mends it.
fn mended(input: &str) -> String {
    let plain = input.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace(['\t', '\u{B}'], " ");
    let visible = without_stray_tags(&plain.replace(is_dropped, ""));
    visible.split('\n').map(without_stray_isolates).collect::<Vec<_>>().join("\n").nfc().collect()
}

/// Characters that show nothing, wherever they stand. The joiners U+200C and U+200D and the marks of direction U+200E
/// and U+200F stay: emoji, Persian and Hebrew need them.
fn is_dropped(character: char) -> bool {
    matches!(character, '\u{AD}' | '\u{180E}' | '\u{200B}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Drops the tags that are no part of an emoji tag sequence: the black flag, tags, and the cancel tag
/// (Unicode Technical Standard 51, ED-14a).
fn without_stray_tags(text: &str) -> String {
    const FLAG: char = '\u{1F3F4}';
    const CANCEL: char = '\u{E007F}';
    let is_tag = |character: char| matches!(character, '\u{E0000}'..='\u{E007F}');
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_tag) {
        let (before, from) = rest.split_at(at);
        let (tags, after) = from.split_at(from.find(|character| !is_tag(character)).unwrap_or(from.len()));
        kept.push_str(before);
        let ends_once = tags.find(CANCEL) == Some(tags.len() - CANCEL.len_utf8()) && tags.chars().count() > 1;
        if before.ends_with(FLAG) && ends_once {
            kept.push_str(tags);
        }
        rest = after;
    }
    kept + rest
}

/// Drops the isolates of a line that have no partner: they would reorder what stands after the text
/// (Unicode Standard Annex 9, section 3.3.2).
fn without_stray_isolates(line: &str) -> String {
    const END: char = '\u{2069}';
    let is_start = |character: char| matches!(character, '\u{2066}'..='\u{2068}');
    let (mut open, mut paired) = (Vec::new(), Vec::new());
    for (at, character) in line.char_indices() {
        if is_start(character) {
            open.push(at);
        } else if character == END
            && let Some(start) = open.pop()
        {
            paired.extend([start, at]);
        }
    }
    paired.sort_unstable();
    let stays = |at, character| (!is_start(character) && character != END) || paired.binary_search(&at).is_ok();
    line.char_indices().filter(|&(at, character)| stays(at, character)).map(|(_, character)| character).collect()
}

/// Control characters, and embeddings and overrides, which reorder what stands around them
/// (Unicode Technical Report 36, section 3.4).
fn is_refused(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}')
}

/// Spaces, the empty pattern of Braille, and characters that show nothing by themselves
/// (Default_Ignorable_Code_Point of Unicode 17, DerivedCoreProperties.txt).
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || character == '\u{2800}'
        || matches!(
            character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_after_composition_and_trimming() {
        assert_eq!(line("  라면 ", 2), Ok(Some("라면".to_owned())), "decomposed jamo compose");
        assert_eq!(line("abc", 2), Err(Code::TextTooLong));
        assert_eq!(line(" \u{3000}", 2), Ok(None));
        for nothing in ['\u{3164}', '\u{2800}', '\u{FE0F}', '\u{61C}', '\u{206A}', '\u{34F}', '\u{E0100}'] {
            assert_eq!(line(&nothing.to_string(), 2), Ok(None), "what shows nothing is blank: {nothing:?}");
        }
    }

    #[test]
    fn what_could_deceive_is_refused_and_emoji_kept() {
        for refused in ["a\u{202E}b", "a\u{202A}b", "a\u{0}b", "a\u{1}b", "a\nb", "a\u{C}b", "a\u{7F}b", "a\u{85}b"] {
            assert_eq!(line(refused, 10), Err(Code::TextInvalid), "{refused:?}");
        }
        for kept in ["👩‍🍳", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "می‌خورم", "\u{2067}שלום\u{2069}!", "☕️"]
        {
            assert_eq!(line(kept, 20), Ok(Some(kept.to_owned())));
        }
        assert_eq!(lines("a\r\nb", 10), Ok(Some("a\nb".to_owned())));
    }

    #[test]
    fn what_can_be_mended_is_mended() {
        for (pasted, stored) in [
            ("a\tb", "a b"),
            ("a\u{B}b", "a b"),
            ("\u{FEFF}a", "a"),
            ("a\rb", "a\nb"),
            ("a\r\n\rb", "a\n\nb"),
            ("a\u{2028}b\u{2029}c", "a\nb\nc"),
            ("라\u{200B}면", "라면"),
            ("so\u{AD}da\u{2060}", "soda"),
            ("a\u{FFF9}b\u{FFFA}c\u{FFFB}", "abc"),
            ("a\u{E0041}\u{E007F}", "a"),
            ("🏴\u{E0067}", "🏴"),
            ("\u{2067}a", "a"),
            ("a\u{2069}", "a"),
            ("\u{2066}a\n\u{2069}b", "a\nb"),
            ("\u{2066}a\u{2067}b\u{2069}", "\u{2066}a\u{2067}b\u{2069}".replacen('\u{2066}', "", 1).as_str()),
            ("e\u{200B}\u{301}", "é"),
        ] {
            assert_eq!(lines(pasted, 20), Ok(Some(stored.to_owned())), "{pasted:?}");
        }
        assert_eq!(lines("\u{FEFF}\u{200B}\t", 20), Ok(None), "nothing visible is left");
        assert_eq!(line("a\tb", 3), Ok(Some("a b".to_owned())));
    }

    #[test]
    fn what_is_mended_needs_no_mending_any_more() {
        for text in
            ["\u{2067}a\u{2067}b\u{2069}\u{2069}\u{2069}", "🏴\u{E0067}\u{E007F}\u{E0067}", "e\u{FEFF}\u{301}\r\r\n"]
        {
            assert_eq!(mended(&mended(text)), mended(text), "{text:?}");
        }
    }
}
