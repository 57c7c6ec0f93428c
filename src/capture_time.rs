//! When a photo was taken, by what its camera wrote into the file.

use std::io::Cursor;

use exif::{DateTime, In, Reader, Tag, Value};

/// Seconds since 1970 by the camera's clock, from Exif's `DateTimeOriginal` in a JPEG, PNG, WebP, TIFF or HEIF file;
/// `None` where there is none that can be read.
pub fn capture_time(bytes: &[u8]) -> Option<i64> {
    let exif = Reader::new()
        .read_from_container(&mut Cursor::new(bytes))
        .ok()?;
    let field = exif.get_field(Tag::DateTimeOriginal, In::PRIMARY)?;
    let Value::Ascii(lines) = &field.value else {
        return None;
    };
    seconds(&DateTime::from_ascii(lines.first()?).ok()?)
}

/// Days since 1970 by the Gregorian calendar (Fliegel & Van Flandern 1968, "A machine algorithm for processing calendar
/// dates"), in seconds, and the time of day.
fn seconds(time: &DateTime) -> Option<i64> {
    let [year, month, day] = [time.year.into(), i64::from(time.month), i64::from(time.day)];
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shift = (month - 14) / 12;
    let julian =
        day - 32_075 + 1_461 * (year + 4_800 + shift) / 4 + 367 * (month - 2 - shift * 12) / 12
            - 3 * ((year + 4_900 + shift) / 100) / 4;
    let of_day = [time.hour, time.minute, time.second].map(i64::from);
    let [hour, minute, second] = of_day;
    Some((julian - 2_440_588) * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<i64> {
        seconds(&DateTime::from_ascii(text.as_bytes()).ok()?)
    }

    #[test]
    fn times_are_seconds_since_1970() {
        assert_eq!(at("1970:01:01 00:00:00"), Some(0));
        assert_eq!(at("2000:02:29 12:34:56"), Some(951_827_696));
        assert_eq!(at("2026:11:27 23:59:59"), Some(1_795_823_999));
        assert_eq!(at("0000:00:00 00:00:00"), None);
    }

    #[test]
    fn what_is_no_photo_has_no_time() {
        for bytes in [
            &b""[..],
            b"\xff\xd8\xff",
            b"no photo at all, but some words",
        ] {
            assert_eq!(capture_time(bytes), None);
        }
    }
}
