//! Values between C and the driver.
use std::ffi::c_void;
use std::slice;

use scylla::cluster::metadata::{ColumnType, NativeType};
use scylla::errors::SerializationError;
use scylla::serialize::value::SerializeValue;
use scylla::serialize::writers::{CellWriter, WrittenCellProof};
use scylla::value::{Counter, CqlTimestamp, CqlValue};

/// No single value is longer; Cassandra takes far less.
pub const MOST_BYTES: usize = 256 << 20;

const NULL: i32 = 0;
const TEXT: i32 = 1;
const INTEGER: i32 = 2;
const DOUBLE: i32 = 3;
const BOOLEAN: i32 = 4;
const BLOB: i32 = 5;
const UUID: i32 = 6;
const TEXT_LIST: i32 = 7;
const FLOAT_VECTOR: i32 = 8;

/// gibsey_cql_value of driver.h.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawValue {
    pub kind: i32,
    pub n: usize,
    pub i: i64,
    pub d: f64,
    pub p: *const c_void,
}

impl RawValue {
    pub const fn null() -> Self {
        RawValue { kind: NULL, n: 0, i: 0, d: 0.0, p: std::ptr::null() }
    }

    fn pointing(kind: i32, p: *const c_void, n: usize) -> Self {
        RawValue { kind, n, p, ..Self::null() }
    }
}

/// The elements at `p`; refuses a length that cannot be meant.
///
/// # Safety
/// `p` must point at `n` readable elements, or `n` must be 0.
pub unsafe fn elements<'a, T>(p: *const c_void, n: usize) -> Result<&'a [T], String> {
    if n == 0 {
        return Ok(&[]);
    }
    if p.is_null() || n > MOST_BYTES / size_of::<T>().max(1) || (p as usize) % align_of::<T>() != 0 {
        return Err(format!("a value of {n} elements is not readable"));
    }
    // SAFETY: the caller's word, and the checks above.
    Ok(unsafe { slice::from_raw_parts(p.cast::<T>(), n) })
}

/// # Safety
/// As `elements`.
pub unsafe fn text(p: *const c_void, n: usize) -> Result<String, String> {
    // SAFETY: the caller's word.
    let bytes = unsafe { elements::<u8>(p, n) }?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err("a text is not UTF-8".to_owned()),
    }
}

/// A value to be bound.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Text(String),
    Integer(i64),
    Double(f64),
    Boolean(bool),
    Blob(Vec<u8>),
    Uuid(uuid::Uuid),
    TextList(Vec<String>),
    FloatVector(Vec<f32>),
}

impl Value {
    /// # Safety
    /// `raw.p` must point at `raw.n` elements of its kind.
    pub unsafe fn read(raw: &RawValue) -> Result<Self, String> {
        // SAFETY: the caller's word, in every arm.
        unsafe {
            Ok(match raw.kind {
                NULL => Value::Null,
                TEXT => Value::Text(text(raw.p, raw.n)?),
                INTEGER => Value::Integer(raw.i),
                DOUBLE => Value::Double(raw.d),
                BOOLEAN => Value::Boolean(raw.i != 0),
                BLOB => Value::Blob(elements::<u8>(raw.p, raw.n)?.to_vec()),
                UUID => match uuid::Uuid::from_slice(elements::<u8>(raw.p, raw.n)?) {
                    Ok(uuid) => Value::Uuid(uuid),
                    Err(_) => return Err(format!("a uuid of {} bytes", raw.n)),
                },
                TEXT_LIST => {
                    let mut list = Vec::new();
                    for one in elements::<RawValue>(raw.p, raw.n)? {
                        if one.kind != TEXT {
                            return Err("a list holds something else than texts".to_owned());
                        }
                        list.push(text(one.p, one.n)?);
                    }
                    Value::TextList(list)
                }
                FLOAT_VECTOR => Value::FloatVector(elements::<f32>(raw.p, raw.n)?.to_vec()),
                other => return Err(format!("no value has the kind {other}")),
            })
        }
    }
}

#[derive(Debug)]
struct TooWide(i64);
impl std::fmt::Display for TooWide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} does not fit the column's type", self.0)
    }
}
impl std::error::Error for TooWide {}

fn narrow<T: TryFrom<i64>>(number: i64) -> Result<T, SerializationError> {
    T::try_from(number).map_err(|_| SerializationError::new(TooWide(number)))
}

impl SerializeValue for Value {
    fn serialize<'b>(&self, typ: &ColumnType, writer: CellWriter<'b>) -> Result<WrittenCellProof<'b>, SerializationError> {
        use ColumnType::Native;
        match self {
            Value::Null => Ok(writer.set_null()),
            Value::Text(text) => text.serialize(typ, writer),
            Value::Integer(number) => match typ {
                Native(NativeType::Int) => narrow::<i32>(*number)?.serialize(typ, writer),
                Native(NativeType::SmallInt) => narrow::<i16>(*number)?.serialize(typ, writer),
                Native(NativeType::TinyInt) => narrow::<i8>(*number)?.serialize(typ, writer),
                Native(NativeType::Counter) => Counter(*number).serialize(typ, writer),
                Native(NativeType::Timestamp) => CqlTimestamp(*number).serialize(typ, writer),
                _ => number.serialize(typ, writer),
            },
            #[allow(clippy::cast_possible_truncation)]
            Value::Double(number) => match typ {
                Native(NativeType::Float) => (*number as f32).serialize(typ, writer),
                _ => number.serialize(typ, writer),
            },
            Value::Boolean(flag) => flag.serialize(typ, writer),
            Value::Blob(bytes) => bytes.serialize(typ, writer),
            Value::Uuid(uuid) => uuid.serialize(typ, writer),
            Value::TextList(list) => list.serialize(typ, writer),
            Value::FloatVector(vector) => vector.serialize(typ, writer),
        }
    }
}

/// A value of a reply; it owns what its raw form points at.
pub enum Cell {
    Scalar(RawValue),
    Text(String),
    Blob(Vec<u8>),
    TextList(Vec<RawValue>, #[allow(dead_code)] Vec<String>),
    FloatVector(Vec<f32>),
    /// A type that has no kind.
    Other,
}

impl Cell {
    pub fn new(value: Option<CqlValue>) -> Self {
        let integer = |i| Cell::Scalar(RawValue { kind: INTEGER, i, ..RawValue::null() });
        let double = |d| Cell::Scalar(RawValue { kind: DOUBLE, d, ..RawValue::null() });
        match value {
            None | Some(CqlValue::Empty) => Cell::Scalar(RawValue::null()),
            Some(CqlValue::Text(text) | CqlValue::Ascii(text)) => Cell::Text(text),
            Some(CqlValue::BigInt(i)) => integer(i),
            Some(CqlValue::Int(i)) => integer(i64::from(i)),
            Some(CqlValue::SmallInt(i)) => integer(i64::from(i)),
            Some(CqlValue::TinyInt(i)) => integer(i64::from(i)),
            Some(CqlValue::Counter(Counter(i))) => integer(i),
            Some(CqlValue::Timestamp(CqlTimestamp(i))) => integer(i),
            Some(CqlValue::Double(d)) => double(d),
            Some(CqlValue::Float(d)) => double(f64::from(d)),
            Some(CqlValue::Boolean(flag)) => Cell::Scalar(RawValue { kind: BOOLEAN, i: i64::from(flag), ..RawValue::null() }),
            Some(CqlValue::Blob(bytes)) => Cell::Blob(bytes),
            Some(CqlValue::Uuid(uuid)) => Cell::Blob(uuid.as_bytes().to_vec()),
            Some(CqlValue::List(values) | CqlValue::Set(values)) => Self::list(values),
            Some(CqlValue::Vector(values)) => Self::vector(values),
            Some(_) => Cell::Other,
        }
    }

    fn list(values: Vec<CqlValue>) -> Self {
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            match value {
                CqlValue::Text(text) | CqlValue::Ascii(text) => texts.push(text),
                _ => return Cell::Other,
            }
        }
        // The texts' bytes stay where they are when the list is moved.
        let raw = texts.iter().map(|text| RawValue::pointing(TEXT, text.as_ptr().cast(), text.len())).collect();
        Cell::TextList(raw, texts)
    }

    fn vector(values: Vec<CqlValue>) -> Self {
        let mut floats = Vec::with_capacity(values.len());
        for value in values {
            match value {
                CqlValue::Float(float) => floats.push(float),
                _ => return Cell::Other,
            }
        }
        Cell::FloatVector(floats)
    }

    pub fn raw(&self) -> Option<RawValue> {
        match self {
            Cell::Scalar(raw) => Some(*raw),
            Cell::Text(text) => Some(RawValue::pointing(TEXT, text.as_ptr().cast(), text.len())),
            Cell::Blob(bytes) => Some(RawValue::pointing(BLOB, bytes.as_ptr().cast(), bytes.len())),
            Cell::TextList(raw, _) => Some(RawValue::pointing(TEXT_LIST, raw.as_ptr().cast(), raw.len())),
            Cell::FloatVector(floats) => Some(RawValue::pointing(FLOAT_VECTOR, floats.as_ptr().cast(), floats.len())),
            Cell::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_kinds_are_checked() {
        let raw = |kind, p: *const c_void, n| RawValue { kind, n, p, ..RawValue::null() };
        let bytes = [0xffu8, 0xfe];
        let p: *const c_void = bytes.as_ptr().cast();
        unsafe {
            assert!(Value::read(&raw(TEXT, p, 2)).is_err(), "not UTF-8");
            assert!(Value::read(&raw(TEXT, std::ptr::null(), 3)).is_err(), "null with a length");
            assert!(Value::read(&raw(BLOB, p, usize::MAX)).is_err(), "too long");
            assert!(Value::read(&raw(UUID, p, 2)).is_err(), "a short uuid");
            assert!(Value::read(&raw(99, p, 2)).is_err(), "an unknown kind");
            assert_eq!(Value::read(&raw(TEXT, std::ptr::null(), 0)), Ok(Value::Text(String::new())));
            assert_eq!(Value::read(&raw(BLOB, p, 2)), Ok(Value::Blob(vec![0xff, 0xfe])));
            let inner = raw(BLOB, p, 2);
            assert!(Value::read(&raw(TEXT_LIST, (&raw const inner).cast(), 1)).is_err(), "a list of blobs");
        }
    }

    #[test]
    fn a_list_points_into_itself() {
        let cell = Cell::new(Some(CqlValue::List(vec![CqlValue::Text("one".into()), CqlValue::Text(String::new())])));
        let raw = cell.raw().unwrap();
        let list = unsafe { elements::<RawValue>(raw.p, raw.n) }.unwrap();
        assert_eq!(unsafe { text(list[0].p, list[0].n) }.unwrap(), "one");
        assert_eq!(unsafe { text(list[1].p, list[1].n) }.unwrap(), "");
        assert!(Cell::new(Some(CqlValue::List(vec![CqlValue::Int(1)]))).raw().is_none());
    }
}
