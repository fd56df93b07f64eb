package api

import (
	"cmp"
	"path"
	"strings"

	"duradesk/mail"
	"duradesk/ticket"
)

var messageFormats = []string{"markdown", "text", "html"}

// message reads what is said, as openapi.yaml's NewMessage; nil where there is nothing.
func (o *object) message(needed bool, author ticket.By) *ticket.NewMessage {
	m := o.inside("message", needed)
	if m == nil {
		return nil
	}
	out := &ticket.NewMessage{
		Author:      author,
		Body:        m.long("body", true),
		Format:      m.word("body_format", false, messageFormats),
		To:          m.texts("to", 50, emailRule),
		Cc:          m.texts("cc", 50, emailRule),
		Files:       m.files(),
		Template:    m.text("template", rule{min: 1, max: 100}),
		WorkMinutes: int(m.integer("work_minutes", 0, 7*24*60)),
	}
	m.done()
	if out.Format == "" {
		out.Format = messageFormats[0]
	}
	if out.Format == "html" {
		out.HTML = mail.SanitizeHTML(out.Body)
	}
	return out
}

// long reads a text of any number of lines.
func (o *object) long(name string, needed bool) string {
	text := o.text(name, rule{needed: needed, min: 1, solid: true})
	if len(text) > maxText {
		o.blame(name, tooLargeField, map[string]string{"max": "1"})
		return ""
	}
	return text
}

func (o *object) files() []ticket.NewFile {
	out := []ticket.NewFile{}
	for _, id := range o.texts("draft_files", 50, draftRule) {
		out = append(out, ticket.NewFile{DraftFile: id})
	}
	list := o.list("attachments", 50)
	for i, v := range list {
		fields, ok := v.(map[string]any)
		f := &object{at: o.pointer("attachments") + "/" + itoa(i), fields: fields, faults: o.faults}
		if !ok {
			*o.faults = append(*o.faults, fault{pointer: f.at, code: "object"})
			continue
		}
		if fields["id"] != nil {
			out = append(out, f.uploaded())
			continue
		}
		file := ticket.NewFile{
			Name: fileName(f.text("name", rule{needed: true, min: 1, max: 255, line: true})),
			Type: f.text("type", rule{min: 3, max: 100, pattern: typePattern, like: "media_type"}),
			Data: f.bytes("data", maxFile),
		}
		f.done()
		out = append(out, withType(file))
	}
	return out
}

// withType gives a file whose sender named no type the one that says nothing.
func withType(f ticket.NewFile) ticket.NewFile {
	f.Type = cmp.Or(f.Type, anyBytes)
	return f
}

// uploaded reads a file that is named by the id of its upload, which says all that there is to say.
func (o *object) uploaded() ticket.NewFile {
	out := ticket.NewFile{Upload: o.text("id", draftRule)}
	for _, name := range []string{"name", "type", "data"} {
		if o.fields[name] != nil {
			o.blame(name, "not_both", map[string]string{"other": "id"})
		}
		o.asked = append(o.asked, name)
	}
	o.done()
	return out
}

// fileName keeps the last part of a path, whichever system it came from.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == ".." || name == "/" {
		return "file"
	}
	return name
}
