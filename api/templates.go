package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/mail"
	"duradesk/ticket"
)

const maxTemplate = 100_000 // characters

// templates are a desk's own texts for mails, by occasion and language.
var templates = furniture[ticket.Template, openapi.Template]{
	kind: "template",
	read: func(h *hand, o *object, p *Piece, v *ticket.Template) {
		h.place(o, p)
		source := o.text("source", rule{needed: v.Source == "", min: 1, max: maxTemplate})
		if source == "" {
			return
		}
		if err := mail.CheckTemplate(source); err != nil {
			o.blame("source", "template", map[string]string{"why": err.Error()})
		}
		v.Source = source
	},
	show: func(p Piece, v ticket.Template) openapi.Template {
		return openapi.Template{
			Id: pieceID(p), Desk: some(p.Desk), Occasion: openapi.Occasion(v.Occasion), Language: openapi.TemplateLanguage(v.Language), Name: v.Name, Source: v.Source,
			Revision: p.Revision,
		}
	},
}

func occasions() []string {
	var out []string
	for _, o := range mail.Occasions() {
		out = append(out, string(o))
	}
	return out
}

// ListTemplates lists the desks' own, and the shipped ones that are taken where a desk has none.
func (s *server) ListTemplates(c *gin.Context, q openapi.ListTemplatesParams) {
	ctx, done := budget(c)
	defer done()
	items, err := templates.all(ctx, s, askerOf(c), value(q.Desk))
	if err != nil {
		s.told(c, err)
		return
	}
	for _, occasion := range mail.Occasions() {
		for _, lang := range mail.Languages() {
			source, err := mail.TemplateSource(occasion, lang)
			if err != nil {
				s.told(c, err)
				return
			}
			items = append(items, openapi.Template{
				Id: ticket.TemplateKey(string(occasion), lang, ""), Occasion: openapi.Occasion(occasion), Language: openapi.TemplateLanguage(lang), Source: source, BuiltIn: true,
			})
		}
	}
	answer(c, http.StatusOK, openapi.TemplateList{Items: items, Total: len(items), Variables: mail.Variables()})
}

// CreateTemplate adds one to a desk.
func (s *server) CreateTemplate(c *gin.Context) {
	templates.make(s, c, func(h *hand, o *object, p *Piece) ticket.Template {
		v := ticket.Template{Occasion: o.word("occasion", true, occasions()), Language: o.word("language", true, mail.Languages()), Name: o.text("name", keyRule)}
		p.Desk, p.Key = h.desk(o), ticket.TemplateKey(v.Occasion, v.Language, v.Name)
		return v
	})
}

// ChangeTemplate changes the text of one.
func (s *server) ChangeTemplate(c *gin.Context, id string) { templates.change(s, c, id) }

// DeleteTemplate takes one away: mails read as the shipped one again.
func (s *server) DeleteTemplate(c *gin.Context, id string) { templates.drop(s, c, id) }

// TryTemplate fills a template with a sample, or with a ticket.
func (s *server) TryTemplate(c *gin.Context) {
	var source, occasion, format string
	data := mail.TemplateData{
		Number: 1042, Previous: 1001, Title: "プリンターが動きません / The printer does not work", Client: "山田", Agent: askerOf(c).Name, Desk: "Support", CloseDays: 14,
		Body: "お問い合わせありがとうございます。\n\nThank you for your message.", Link: s.BaseURL,
	}
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		occasion = o.word("occasion", true, occasions())
		lang := o.word("language", true, mail.Languages())
		source = o.text("source", rule{min: 1, max: maxTemplate})
		if body := o.text("body", rule{max: maxTemplate}); body != "" {
			data.Body = body
		}
		if key := o.text("desk", keyRule); key != "" && len(*o.faults) == 0 {
			d := h.findDesk(key)
			data.Desk, data.Signature = d.Name, d.Manner.Signature.In(lang)
		}
		if n, given := o.whole("ticket", false, 1, 1<<53); given && h.err == nil {
			h.ticketData(ticket.Number(n), &data)
		}
		if source == "" && occasion != "" && h.err == nil {
			source, h.err = mail.TemplateSource(mail.Occasion(occasion), lang)
		}
		data.Automatic = ticket.Automatic(occasion)
		if len(*o.faults) == 0 && h.err == nil {
			if _, _, err := mail.RenderTemplate(source, data); err != nil {
				o.blame("source", "template", map[string]string{"why": err.Error()})
			}
		}
		format = string(mail.FormatMarkdown)
	}, func(context.Context) (any, error) {
		subject, body, err := mail.RenderTemplate(source, data)
		if err != nil {
			return nil, err
		}
		page, err := mail.RenderHTML(body, mail.BodyFormat(format))
		return openapi.TriedTemplate{Subject: subject, Text: strings.TrimRight(mail.RenderText(body, mail.FormatMarkdown), "\n"), Html: page}, err
	})
}

// ticketData fills in a ticket's own data; ticket.NotFound for one that the asker does not see.
func (h *hand) ticketData(n ticket.Number, data *mail.TemplateData) {
	rec, err := h.s.Reader.Ticket(h.ctx, n)
	if err == nil && !h.who.sees(rec.Process.Desk) {
		err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such ticket"}
	}
	if err != nil {
		h.err = err
		return
	}
	data.Number, data.Title, data.Client = int64(rec.Process.Number), rec.Title, rec.Client.Name
}
