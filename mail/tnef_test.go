package mail_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

// winmail writes a TNEF stream as MS-OXTNEF describes it.
type winmail struct{ bytes []byte }

func newWinmail() *winmail {
	return &winmail{binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint32(nil, 0x223e9f78), 1)}
}

func (w *winmail) attribute(level byte, id uint32, value []byte) *winmail {
	b := append(w.bytes, level)
	b = binary.LittleEndian.AppendUint32(b, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = append(b, value...)
	sum := uint16(0)
	for _, v := range value {
		sum += uint16(v)
	}
	w.bytes = binary.LittleEndian.AppendUint16(b, sum)
	return w
}

// prop is a property whose value says its length.
type prop struct {
	kind, id uint16
	value    []byte
}

func props(list ...prop) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(list)))
	for _, p := range list {
		b = binary.LittleEndian.AppendUint16(b, p.kind)
		b = binary.LittleEndian.AppendUint16(b, p.id)
		if p.kind == 0x0003 {
			b = append(b, p.value...)
			continue
		}
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p.value)))
		b = append(b, p.value...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

func wide(s string) []byte {
	var b []byte
	for _, u := range append(utf16.Encode([]rune(s)), 0) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func (w *winmail) file(title, long string, data []byte, more ...prop) *winmail {
	w.attribute(2, 0x00069002, make([]byte, 14))
	w.attribute(2, 0x00018010, append([]byte(title), 0))
	w.attribute(2, 0x0006800f, data)
	return w.attribute(2, 0x00069005, props(append(more, prop{0x001f, 0x3707, wide(long)})...))
}

func mailWith(text string, kind string, data []byte) []byte {
	raw := "From: a@client.example\r\nSubject: files\r\nMessage-ID: <1@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	if text != "" {
		raw += "--b\r\nContent-Type: text/plain\r\n\r\n" + text + "\r\n"
	}
	return fmt.Appendf(nil, "%s--b\r\nContent-Type: %s; name=winmail.dat\r\nContent-Disposition: attachment; filename=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n",
		raw, kind, base64.StdEncoding.EncodeToString(data))
}

func whole() []byte {
	w := newWinmail()
	w.attribute(1, 0x00069007, binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 932), 0))
	w.attribute(1, 0x00069003, props(prop{0x0003, 0x0017, []byte{1, 0, 0, 0}}, prop{0x0102, 0x1009, []byte("rtf")}, prop{0x001f, 0x1000, wide("本文です")}))
	w.file("PLAN~1.PDF", "計画書 2026.pdf", []byte("%PDF-1.4"), prop{0x001f, 0x370e, wide("application/pdf")})
	w.file("\x90}.txt", "", []byte("figure")) // 図.txt in Shift_JIS
	return w.bytes
}

func TestWinmailIsOpened(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"application/ms-tnef", "application/vnd.ms-tnef", "application/octet-stream"} {
		m, warnings := mail.Parse(mailWith("Please see the plan.", kind, whole()), mail.Limits{})
		require.Empty(t, warnings)
		require.Equal(t, "Please see the plan.", m.Text, "what the mail says in plain text is what it says")
		require.Len(t, m.Attachments, 2)
		require.Equal(t, "計画書 2026.pdf", m.Attachments[0].Name)
		require.Equal(t, "application/pdf", m.Attachments[0].Type)
		require.Equal(t, "%PDF-1.4", string(m.Attachments[0].Data))
		require.Equal(t, "図.txt", m.Attachments[1].Name)
		require.Equal(t, "figure", string(m.Attachments[1].Data))
	}
	m, _ := mail.Parse(mailWith("", "application/ms-tnef", whole()), mail.Limits{})
	require.Equal(t, "本文です", m.Text, "where the mail has no other text")
	require.Len(t, m.Attachments, 2)
}

func TestWinmailThatCannotBeOpenedStaysAFile(t *testing.T) {
	t.Parallel()
	rtf := newWinmail().attribute(1, 0x00069003, props(prop{0x0102, 0x1009, []byte("rtf")})).file("a.txt", "a.txt", []byte("x")).bytes
	for what, data := range map[string][]byte{"nothing": nil, "other bytes": []byte("PK\x03\x04 no TNEF at all"), "only its head": whole()[:8]} {
		m, _ := mail.Parse(mailWith("text", "application/ms-tnef", data), mail.Limits{})
		require.Len(t, m.Attachments, 1, what)
		require.Equal(t, "winmail.dat", m.Attachments[0].Name, what)
		require.Equal(t, string(data), string(m.Attachments[0].Data), what)
	}
	m, _ := mail.Parse(mailWith("", "application/ms-tnef", rtf), mail.Limits{})
	require.Len(t, m.Attachments, 2, "its text is RTF, which is not read: nothing may be lost")

	cut := whole()
	m, _ = mail.Parse(mailWith("text", "application/ms-tnef", cut[:len(cut)-20]), mail.Limits{})
	require.Equal(t, "計画書 2026.pdf", m.Attachments[0].Name, "what came before the cut is good")
}

func FuzzTNEF(f *testing.F) {
	f.Add(whole())
	f.Fuzz(func(t *testing.T, data []byte) {
		_, warnings := mail.Parse(mailWith("", "application/ms-tnef", data), mail.Limits{})
		require.NotContains(t, codes(warnings), mail.WarnPanic)
	})
}

func FuzzSigned(f *testing.F) {
	seedWithTestdata(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		raw := fmt.Appendf(nil, "From: a@x\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n", base64.StdEncoding.EncodeToString(data))
		_, warnings := mail.Parse(raw, mail.Limits{})
		require.NotContains(t, codes(warnings), mail.WarnPanic)
	})
}
