package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"mime"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Outgoing is a mail to be sent.
type Outgoing struct {
	// MessageID is made by Keys.MessageID and Date read once by the caller: both stay the same on every retry.
	MessageID string
	Date      time.Time
	// From is the desk's address; ReplyTo, if it has an address, carries the ticket's token.
	From, ReplyTo Address
	To, Cc        []Address
	// Number is put before the subject as [#number]; 0 leaves it out. Reply puts "Re: " before that.
	Number  int64
	Subject string
	Reply   bool
	// InReplyTo is the id answered; References the chain before it, oldest first. With or without angle brackets.
	InReplyTo  string
	References []string
	// Body in Format (Markdown if empty) becomes a text and an HTML part.
	Body   string
	Format BodyFormat
	// HTML is the HTML part where the body's own would not do: a letter in HTML within a template in text. Sanitised.
	HTML string
	// Attachments with a ContentID and Inline are embedded for the HTML.
	Attachments []Attachment
	// Automatic marks a mail that no person wrote (RFC 3834): no auto-responder answers it. Triggered says that a
	// mail of the recipient caused it (auto-replied, else auto-generated).
	Automatic, Triggered bool
	// Language goes into Content-Language, if set: ja, en.
	Language string
	// Marker hides the Message-ID in the HTML, for relays that replace Message-IDs.
	Marker bool
	// TextOnly leaves the HTML part out.
	TextOnly bool
}

// Compose gives the bytes of a mail: RFC 5322, CRLF line ends, 7-bit. The same input gives the same bytes. Recipients in
// Bcc do not exist here: they belong to the envelope.
func Compose(o Outgoing) ([]byte, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8),
		gomail.WithEncoding(gomail.EncodingB64)) // headers in base64 words: shorter for Japanese
	m.SetMessageIDWithValue(trimID(o.MessageID))
	m.SetDateWithValue(o.Date)
	if err := o.addresses(m); err != nil {
		return nil, err
	}
	o.headers(m)
	if err := o.bodies(m); err != nil {
		return nil, err
	}
	for _, a := range o.Attachments {
		if err := attachFile(m, a); err != nil {
			return nil, fmt.Errorf("attach %q: %w", a.Name, err)
		}
	}
	var out bytes.Buffer
	if _, err := m.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return unfoldStarts(fixBoundaries(out.Bytes(), o.MessageID)), nil
}

func (o Outgoing) validate() error {
	switch {
	case trimID(o.MessageID) == "" || strings.ContainsAny(o.MessageID, "\r\n"):
		return errors.New("compose mail: no Message-ID given")
	case o.Date.IsZero():
		return errors.New("compose mail: no date given")
	case o.From.Addr == "":
		return errors.New("compose mail: no From address given")
	case len(o.To)+len(o.Cc) == 0:
		return errors.New("compose mail: no recipient given")
	}
	for _, a := range slices.Concat([]Address{o.From, o.ReplyTo}, o.To, o.Cc) {
		if clean, ok := cleanAddr(a.Addr); a.Addr != "" && (!ok || !strings.EqualFold(clean, a.Addr)) {
			return errors.New("compose mail: an address is not valid")
		}
	}
	return nil
}

func (o Outgoing) addresses(m *gomail.Msg) error {
	for _, list := range []struct {
		header    gomail.AddrHeader
		addresses []Address
	}{
		{gomail.HeaderFrom, []Address{o.From}},
		{gomail.HeaderTo, o.To},
		{gomail.HeaderCc, o.Cc},
		{gomail.HeaderReplyTo, []Address{o.ReplyTo}},
	} {
		var formatted []string
		for _, a := range list.addresses {
			if a.Addr != "" {
				formatted = append(formatted, (&netmail.Address{Name: oneLine(a.Name), Address: a.Addr}).String())
			}
		}
		if len(formatted) == 0 {
			continue
		}
		if err := m.SetAddrHeader(list.header, formatted...); err != nil {
			return fmt.Errorf("compose mail: %s: %w", list.header, err)
		}
	}
	return nil
}

func (o Outgoing) headers(m *gomail.Msg) {
	m.Subject(encodeSubject(o.subject()))
	if id := trimID(o.InReplyTo); id != "" {
		m.SetGenHeader(gomail.HeaderInReplyTo, "<"+id+">")
	}
	if refs := o.references(); refs != "" {
		m.SetGenHeader(gomail.HeaderReferences, refs)
	}
	if o.Language != "" {
		m.SetGenHeader(gomail.HeaderContentLang, o.Language)
	}
	if o.Automatic {
		kind := "auto-generated"
		if o.Triggered {
			kind = "auto-replied"
		}
		m.SetGenHeader("Auto-Submitted", kind)
		m.SetGenHeader("X-Auto-Response-Suppress", "All")
		m.SetGenHeader("Precedence", "bulk")
	}
}

// subject is "Re: [#1042] what it is about".
func (o Outgoing) subject() string {
	subject := oneLine(o.Subject)
	if clean := CleanSubject(subject); clean != "" {
		subject = clean
	}
	if o.Number > 0 {
		subject = TagSubject(o.Number, subject)
	}
	if o.Reply {
		subject = "Re: " + subject
	}
	return subject
}

// encodeSubject leaves the ASCII front, with the tag in it, readable in the source and encodes the rest.
func encodeSubject(s string) string {
	if isASCII(s) {
		return s
	}
	front := 0
	for i := 0; i < len(s) && s[i] < 0x80; i++ {
		if s[i] == ' ' {
			front = i + 1
		}
	}
	return s[:front] + mime.BEncoding.Encode("UTF-8", s[front:])
}

// references is the chain with the id answered at its end. A long chain keeps its first id and its last twenty: the
// header must not grow for ever (RFC 5322 §3.6.4 lets us drop from the middle).
func (o Outgoing) references() string {
	var ids []string
	seen := map[string]bool{}
	for _, id := range append(append([]string{}, o.References...), o.InReplyTo) {
		id = trimID(id)
		if id != "" && !seen[id] && !strings.ContainsAny(id, " \r\n\t<>") && len(id) <= 250 && isASCII(id) {
			seen[id] = true
			ids = append(ids, "<"+id+">")
		}
	}
	if len(ids) > 21 {
		ids = append(ids[:1:1], ids[len(ids)-20:]...)
	}
	return strings.Join(ids, " ")
}

// Reading is what a person sees of a mail.
type Reading struct {
	Subject string
	Text    string
	HTML    string // sanitised, without the page around it; "" where the mail has no such part
}

// Read is how the recipient will see the mail.
func (o Outgoing) Read() (Reading, error) {
	r := Reading{Subject: o.subject(), Text: RenderText(o.Body, o.Format)}
	if o.TextOnly {
		return r, nil
	}
	var err error
	r.HTML, err = o.page()
	return r, err
}

func (o Outgoing) bodies(m *gomail.Msg) error {
	read, err := o.Read()
	if err != nil {
		return err
	}
	text, page := read.Text, read.HTML
	m.SetBodyString(gomail.TypeTextPlain, toCRLF(text), partEncoding(text))
	if o.TextOnly {
		return nil
	}
	lang := ""
	if o.Language != "" {
		lang = ` lang="` + html.EscapeString(o.Language) + `"`
	}
	if o.Marker {
		page += `<span style="display:none">` + markerPrefix + html.EscapeString(trimID(o.MessageID)) + "</span>"
	}
	page = "<!DOCTYPE html>\n<html" + lang + "><head><meta charset=\"utf-8\"></head><body>\n" + page + "\n</body></html>\n"
	m.AddAlternativeString(gomail.TypeTextHTML, toCRLF(page), partEncoding(page))
	return nil
}

// toCRLF gives text its canonical line ends, which base64 would otherwise hide (RFC 2045 §6.8).
func toCRLF(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// partEncoding takes quoted-printable for what is mostly ASCII, base64 for the rest.
func partEncoding(s string) gomail.PartOption {
	high := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			high++
		}
	}
	if high*6 > len(s) {
		return gomail.WithPartEncoding(gomail.EncodingB64)
	}
	return gomail.WithPartEncoding(gomail.EncodingQP)
}

// attachFile writes the name by RFC 2231 in Content-Disposition and, for old mailers, as an encoded word in
// Content-Type.
func attachFile(m *gomail.Msg, a Attachment) error {
	name := SafeFileName(a.Name)
	if name == "" {
		name = "attachment" + typicalExt(a.Type)
	}
	kind := a.Type
	if base, _, err := mime.ParseMediaType(kind); err != nil || strings.HasPrefix(base, "multipart/") ||
		strings.HasPrefix(base, "message/") { // message/rfc822 may not be base64 (RFC 2046 §5.2.1)
		kind = "application/octet-stream"
	}
	inline := a.Inline && a.ContentID != ""
	disposition := "attachment"
	if inline {
		disposition = "inline"
	}
	option := func(f *gomail.File) {
		f.Header.Set("Content-Type", fmt.Sprintf("%s;\r\n name=\"%s\"", kind, mime.BEncoding.Encode("utf-8", name)))
		f.Header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
		if inline {
			f.Header.Set("Content-ID", "<"+trimID(a.ContentID)+">")
		}
	}
	if inline {
		return m.EmbedReader(name, bytes.NewReader(a.Data), option)
	}
	return m.AttachReader(name, bytes.NewReader(a.Data), option)
}

var randomBoundary = regexp.MustCompile(`(?m)^Content-Type: multipart/[a-z]+;\r\n boundary="?([0-9a-f]{60})"?\r?$`)

// fixBoundaries replaces the random boundaries of the writer by ones made from the Message-ID. They cannot be confused
// with content: all content is base64 or quoted-printable, and boundaries start with "=_", which neither can hold.
func fixBoundaries(raw []byte, id string) []byte {
	for i, m := range randomBoundary.FindAllSubmatch(raw, 8) {
		sum := sha256.Sum256([]byte(trimID(id) + itoa(i)))
		raw = bytes.ReplaceAll(raw, []byte("boundary="+string(m[1])), []byte(`boundary="`+"=_"+hex.EncodeToString(sum[:14])+`"`))
		raw = bytes.ReplaceAll(raw, []byte("--"+string(m[1])), []byte("--=_"+hex.EncodeToString(sum[:14])))
	}
	return raw
}

var emptyFirstLine = regexp.MustCompile(`(?m)^([A-Za-z-]+):\r\n `)

// unfoldStarts joins a field whose first line is empty with its next line: such folding is legal, but some readers then
// find no Message-ID and some filters find it suspicious.
func unfoldStarts(raw []byte) []byte {
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return raw
	}
	return bytes.Join([][]byte{emptyFirstLine.ReplaceAll(head, []byte("$1: ")), body}, []byte("\r\n\r\n"))
}

func trimID(id string) string { return strings.Trim(id, "<> \t") }

func (o Outgoing) page() (string, error) {
	if o.HTML != "" {
		return SanitizeHTML(o.HTML), nil
	}
	return RenderHTML(o.Body, o.Format)
}
