package protocol

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendEvent appends the frame of an event: {"type":"event","room":…}. Its
// strings are valid UTF-8.
func AppendEvent(dst []byte, e *Event) []byte {
	dst = append(dst, `{"type":"event","room":`...)
	dst = appendString(dst, e.Room)
	dst = appendInt(dst, `,"seq":`, int64(e.Seq))
	dst = appendInt(dst, `,"ts":`, e.TS)
	dst = append(dst, `,"kind":"`...)
	dst = append(dst, e.Kind...)
	dst = append(dst, `","user":`...)
	dst = appendUser(dst, &e.User)
	dst = appendField(dst, `,"text":`, e.Text)
	dst = appendField(dst, `,"key":`, e.Key)
	if e.ReplyTo != 0 {
		dst = appendInt(dst, `,"reply_to":`, int64(e.ReplyTo))
	}
	if e.Target != 0 {
		dst = appendInt(dst, `,"target":`, int64(e.Target))
	}
	dst = appendField(dst, `,"emoji":`, e.Emoji)
	if e.Edited != 0 {
		dst = appendInt(dst, `,"edited":`, e.Edited)
	}
	if e.Deleted {
		dst = append(dst, `,"deleted":true`...)
	}
	return append(dst, '}')
}

// MarshalJSONTo writes an event as it comes live, so that a page of events holds
// frames.
func (e Event) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteValue(AppendEvent(nil, &e))
}

func appendUser(dst []byte, u *User) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, u.ID)
	dst = append(dst, `,"name":`...)
	dst = appendString(dst, u.Name)
	dst = appendField(dst, `,"role":`, u.Role)
	return append(dst, '}')
}

// appendField appends a string that is left out where it is empty.
func appendField(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(append(dst, name...), s)
}

func appendInt(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(dst, name...), n, 10)
}

// appendString has no error: the only one that there could be is invalid UTF-8.
func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}
