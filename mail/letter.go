package mail

import (
	"slices"
	"strings"

	"duradesk/ticket"
)

// Letter writes the mail to a client: by the template of its occasion, in the ticket's language, with the number in the
// subject. The address that it is answered to is the sender's to add: that takes a key.
func Letter(m ticket.Mail) (Outgoing, error) {
	subject, words, err := fill(m)
	if err != nil {
		return Outgoing{}, err
	}
	automatic := ticket.Automatic(m.Occasion)
	out := Outgoing{
		MessageID: m.MailID, Date: m.Date, From: person(m.From), To: people(m.To), Cc: people(m.Cc), Number: int64(m.Number), Subject: subject,
		Reply: m.InReplyTo != "" && !automatic, InReplyTo: m.InReplyTo, References: m.References, Body: words.body, Format: words.format, HTML: words.html,
		Automatic: automatic, Triggered: automatic, Language: m.Language, Marker: true, TextOnly: m.Layout == ticket.LayoutText,
	}
	for _, f := range m.Files {
		out.Attachments = append(out.Attachments, Attachment{Name: f.Name, Type: f.Type, ContentID: f.ContentID, Inline: f.Inline, Data: f.Data})
	}
	return out, nil
}

// letter is what a mail says: as text, and as HTML where the agent wrote HTML.
type letter struct {
	body   string
	format BodyFormat
	html   string
}

// insert stands for an HTML letter while the template around it is filled.
const insert = "duradesk-letter-stands-here"

// fill fills the template of the mail's occasion around what the agent wrote, so that each format stays exactly what
// it was: text is not read as Markdown, HTML keeps its form.
func fill(m ticket.Mail) (subject string, w letter, err error) {
	render := func(body string) (string, string, error) {
		data := TemplateData{
			Number: int64(m.Number), Previous: int64(m.Previous), Title: m.Title, Client: m.Client, Agent: m.Agent, Desk: m.Desk, Body: body,
			CloseDays: m.CloseDays, Link: m.Link, Signature: m.Signature, Automatic: ticket.Automatic(m.Occasion),
		}
		if m.Template != "" {
			// A mail that reads as the shipped ones do is better than none: what is wrong with the desk's own was said to
			// whoever wrote it.
			if subject, text, err := RenderTemplate(m.Template, data); err == nil {
				return subject, text, nil
			}
		}
		return Render(Occasion(m.Occasion), m.Language, data)
	}
	switch BodyFormat(m.Format) {
	case FormatText:
		w.format = FormatText
		subject, w.body, err = render(m.Body)
	case FormatHTML:
		w.format = FormatText
		if subject, w.body, err = render(HTMLToText(m.Body)); err != nil {
			return "", w, err
		}
		_, around, err := render(insert)
		if err != nil {
			return "", w, err
		}
		page, err := RenderHTML(around, FormatText)
		if err != nil {
			return "", w, err
		}
		w.html = strings.Replace(page, insert, SanitizeHTML(m.Body), 1)
	case FormatMarkdown:
		fallthrough
	default: // an unknown word reads as Markdown, the format of templates
		w.format = FormatMarkdown
		subject, w.body, err = render(m.Body)
	}
	return subject, w, err
}

func person(a ticket.Address) Address { return Address{Name: a.Name, Addr: a.Address} }

func people(list []ticket.Address) []Address {
	out := make([]Address, len(list))
	for i, a := range list {
		out[i] = person(a)
	}
	return slices.Clip(out)
}
