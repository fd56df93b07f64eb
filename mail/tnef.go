package mail

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// tnef is what an Outlook's winmail.dat holds (MS-OXTNEF).
type tnef struct {
	text, page string
	files      []Attachment
	// rich says that the text is there as compressed RTF too, or only: that is not read.
	rich bool
}

// Attributes of a TNEF stream (MS-OXTNEF §2.1.3.2), and properties within them (MS-OXPROPS).
const (
	tnefSignature = 0x223e9f78

	attBody        = 0x0002800c
	attMsgProps    = 0x00069003
	attRendData    = 0x00069002 // begins an attachment
	attAttachTitle = 0x00018010
	attAttachData  = 0x0006800f
	attAttachment  = 0x00069005
	attCodepage    = 0x00069007

	propBody         = 0x1000
	propRTF          = 0x1009
	propHTML         = 0x1013
	propAttachData   = 0x3701
	propAttachName   = 0x3704
	propAttachLong   = 0x3707
	propAttachMIME   = 0x370e
	propAttachCID    = 0x3712
	propDisplayName  = 0x3001
	tnefProps        = 2000 // properties read of one attribute
	tnefAttributes   = 20000
	typeMultiple     = 0x1000
	namedPropertyMin = 0x8000
)

// readTNEF opens a winmail.dat. ok is false where the bytes are none, or nothing in them could be read.
func readTNEF(data []byte) (t tnef, ok bool) {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != tnefSignature {
		return t, false
	}
	rest, codepage := data[6:], ""
	for range tnefAttributes {
		if len(rest) < 11 {
			break
		}
		id, size := binary.LittleEndian.Uint32(rest[1:]), int64(binary.LittleEndian.Uint32(rest[5:]))
		if size > int64(len(rest)-11) { // cut off: what came before is good
			break
		}
		t.attribute(id, rest[9:9+size], &codepage)
		rest = rest[9+size+2:]
	}
	return t, t.text != "" || t.page != "" || len(t.files) > 0
}

func (t *tnef) attribute(id uint32, value []byte, codepage *string) {
	switch id {
	case attCodepage:
		if len(value) >= 4 {
			*codepage = codepageName(binary.LittleEndian.Uint32(value))
		}
	case attBody:
		t.text = orFirst(t.text, tnefText(value, *codepage))
	case attMsgProps:
		t.readProps(value, func(p uint16, kind uint16, v []byte) {
			switch p {
			case propBody:
				t.text = orFirst(propText(kind, v, *codepage), t.text)
			case propHTML:
				t.page = orFirst(propText(kind, v, *codepage), t.page)
			case propRTF:
				t.rich = true
			}
		})
	case attRendData:
		if len(t.files) < 1000 {
			t.files = append(t.files, Attachment{Type: "application/octet-stream"})
		}
	}
	if len(t.files) > 0 {
		t.files[len(t.files)-1].tnefAttribute(t, id, value, *codepage)
	}
}

// tnefAttribute fills the attachment that was begun last.
func (f *Attachment) tnefAttribute(t *tnef, id uint32, value []byte, codepage string) {
	switch id {
	case attAttachTitle:
		f.Name = orFirst(f.Name, tnefText(value, codepage))
	case attAttachData:
		f.Data = bytes.Clone(value)
	case attAttachment:
		t.readProps(value, func(p uint16, kind uint16, v []byte) {
			switch p {
			case propAttachLong:
				f.Name = orFirst(propText(kind, v, codepage), f.Name)
			case propAttachName, propDisplayName:
				f.Name = orFirst(f.Name, propText(kind, v, codepage))
			case propAttachMIME:
				if mime := strings.ToLower(propText(kind, v, codepage)); strings.Count(mime, "/") == 1 {
					f.Type = oneLine(mime)
				}
			case propAttachCID:
				f.ContentID = contentID(propText(kind, v, codepage))
				f.Inline = true
			case propAttachData:
				if f.Data == nil && len(v) > 16 && kind == 0x000d { // an embedded object: its interface id stands before it
					f.Data = bytes.Clone(v[16:])
				} else if f.Data == nil {
					f.Data = bytes.Clone(v)
				}
			}
		})
	}
}

// readProps walks a property list (MS-OXTNEF §2.1.3.4). Whatever does not fit ends it.
func (t *tnef) readProps(data []byte, found func(id, kind uint16, value []byte)) {
	r := &tnefReader{rest: data}
	count := r.uint32()
	for range min(count, tnefProps) {
		kind, id := r.uint16(), r.uint16()
		if id >= namedPropertyMin {
			r.name()
		}
		values := uint32(1)
		size := fixedSize(kind &^ typeMultiple)
		if kind&typeMultiple != 0 || size == 0 {
			values = r.uint32()
		}
		for i := uint32(0); i < values && !r.bad; i++ {
			n := uint32(size)
			if size == 0 {
				n = r.uint32()
			}
			v := r.take(n)
			r.take((4 - n%4) % 4)
			if i == 0 && !r.bad {
				found(id, kind&^typeMultiple, v)
			}
		}
		if r.bad {
			return
		}
	}
}

// fixedSize is the length of a value of that type; 0: it says its length.
func fixedSize(kind uint16) int {
	switch kind {
	case 0x0002, 0x0003, 0x0004, 0x000a, 0x000b:
		return 4
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040:
		return 8
	case 0x0048:
		return 16
	}
	return 0
}

type tnefReader struct {
	rest []byte
	bad  bool
}

func (r *tnefReader) take(n uint32) []byte {
	if r.bad || uint64(n) > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	v := r.rest[:n]
	r.rest = r.rest[n:]
	return v
}

func (r *tnefReader) uint32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (r *tnefReader) uint16() uint16 {
	if v := r.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

// name passes over the name of a named property: a set's id, then a number or a string.
func (r *tnefReader) name() {
	r.take(16)
	if r.uint32() == 0 {
		r.take(4)
		return
	}
	n := r.uint32()
	r.take(n)
	r.take((4 - n%4) % 4)
}

// propText reads a string property: UTF-16, or bytes in the stream's code page.
func propText(kind uint16, v []byte, codepage string) string {
	if kind != 0x001f {
		return tnefText(v, codepage)
	}
	units := make([]uint16, 0, len(v)/2)
	for i := 0; i+1 < len(v); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(v[i:]))
	}
	return cleanText(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
}

func tnefText(v []byte, codepage string) string {
	v, _, _ = bytes.Cut(v, []byte{0})
	return cleanText(decodeBytes(v, codepage, ""))
}

// codepageName is the charset of a Windows code page.
func codepageName(n uint32) string {
	switch n {
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 65001:
		return "utf-8"
	case 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258:
		return "windows-" + string([]byte{'1', '2', '5', byte('0' + n%10)})
	}
	return ""
}

func orFirst(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}
