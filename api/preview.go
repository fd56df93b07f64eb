package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/lifecycle"
	"duradesk/mail"
	"duradesk/ticket"
)

// mailed are the commands that take a message to the client.
var mailed = []ticket.Kind{ticket.AgentResponse, ticket.Hold, ticket.Resolve}

// Why no mail would go.
const (
	noMailRefused = "refused"
	noMailNone    = "not_sent"
	noMailAddress = "no_address"
	noMailChannel = "channel"
)

// PreviewMail shows a mail before it is sent.
func (s *server) PreviewMail(c *gin.Context, n openapi.Number) {
	rec, err := s.visible(c, ticket.Number(n))
	if err != nil {
		s.told(c, err)
		return
	}
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	o := newObject(body)
	h := &hand{s: s, ctx: ctx, who: askerOf(c), rec: rec}
	order := h.unsent(o)
	if h.err != nil {
		s.told(c, h.err)
		return
	}
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	found, err := h.forbidden(*order.Message)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.Preview{Forbidden: make([]openapi.FoundWord, len(found))}
	for i, f := range found {
		out.Forbidden[i] = openapi.FoundWord{Word: f.Spotted.Word, As: f.As, Times: f.Times, Action: openapi.FoundWordAction(f.Action), Note: f.Note}
		out.Blocked = out.Blocked || f.Action == "block"
	}
	if err := h.show(order, &out, s.language(c)); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, out)
}

// unsent reads the command that is not sent yet.
func (h *hand) unsent(o *object) ticket.Order {
	order := ticket.Order{Number: h.rec.Process.Number, By: h.who.actor(), Message: o.message(true, ticket.By{Kind: ticket.ActorAgent, ID: h.who.Key, Name: h.who.Name})}
	order.Kind, _ = named(o, "command", true, mailed)
	if p := o.inside("hold", false); p != nil {
		order.Params.Hold = &ticket.HoldParams{Until: p.instant("until", false)}
		order.Params.Hold.Reason, _ = named(p, "reason", false, ticket.HoldReasons())
		p.done()
	}
	h.resolve(o, &order)
	if order.Kind != ticket.Resolve {
		order.Params.Resolve = nil
	}
	h.draftFiles(o, order.Message)
	o.done()
	return order
}

// show asks the rules what would come of the command, and writes the mail if one would go.
func (h *hand) show(order ticket.Order, out *openapi.Preview, lang string) error {
	table, policy := h.s.rules(h.rec)
	d := table.Apply(h.rec.Process, ticket.Command{
		ID: "preview", Kind: order.Kind, At: h.s.Now(), By: order.By, Message: "preview", Params: order.Params,
	}, policy)
	out.Outcome = openapi.PreviewOutcome(d.Answer.String())
	out.Reason, out.ReasonText = some(d.Reason), h.s.texts.reason(lang, d.Reason)
	none := func(why openapi.PreviewNoMail) { out.NoMail = &why }
	switch {
	case d.Answer == ticket.Refused:
		none(noMailRefused)
		return nil
	case !slices.Contains(d.Effects, lifecycle.SendMessage):
		none(noMailNone)
		return nil
	}
	m, err := h.s.Letters.Preview(h.ctx, order.Number, order.Kind, h.who.Name, *order.Message)
	if err != nil {
		return err
	}
	out.LeavesAfterSeconds = int(m.Undo / time.Second)
	if m.Channel != "" {
		if out.Spoken, err = spokenOf(m); err != nil {
			return err
		}
	}
	if len(m.To) == 0 {
		if none(noMailAddress); m.Channel != "" {
			none(noMailChannel)
		}
		return nil
	}
	letter, err := mail.Letter(m)
	if err != nil {
		return err
	}
	read, err := letter.Read()
	if err != nil {
		return err
	}
	out.Mail = &openapi.PreviewMail{
		From: openapi.MailAddress{Name: m.From.Name, Address: m.From.Address}, To: addresses(m.To), Cc: addresses(m.Cc),
		Subject: read.Subject, Text: read.Text, Html: some(read.HTML), Attachments: previewFiles(m.Files),
	}
	return nil
}

// spokenOf is what a channel is told: the words alone, without the letter around them.
func spokenOf(m ticket.Mail) (*openapi.PreviewSpoken, error) {
	text, marked, page, err := mail.Spoken(m.Body, mail.BodyFormat(m.Format))
	return &openapi.PreviewSpoken{Channel: m.Channel, Conversation: m.Spoken, Text: text, Markdown: marked, Html: page, Attachments: previewFiles(m.Files)}, err
}

func previewFiles(files []ticket.NewFile) []openapi.PreviewFile {
	out := make([]openapi.PreviewFile, len(files))
	for i, f := range files {
		out[i] = openapi.PreviewFile{Name: f.Name, Type: f.Type, Size: max(f.Size, int64(len(f.Data)))}
	}
	return out
}

func addresses(in []ticket.Address) []string {
	out := make([]string, len(in))
	for i, a := range in {
		out[i] = a.Address
	}
	return out
}

// foundWord is a forbidden word with what the list says of it.
type foundWord struct {
	mail.Spotted
	Forbidden
}

// forbidden lists the words in a message that must not stand in a mail of the desk.
func (h *hand) forbidden(m ticket.NewMessage) ([]foundWord, error) {
	list, err := h.s.Letters.ForbiddenFor(h.ctx, h.rec.Process.Desk)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	words, by := make([]string, len(list)), map[string]Forbidden{}
	for i, f := range list {
		words[i] = f.Word
		if by[f.Word].Action != "block" { // one that is listed for the desk and for all is the stricter one
			by[f.Word] = f
		}
	}
	slices.Sort(words)
	var out []foundWord
	for _, s := range mail.FindWords(slices.Compact(words), m.Body, mail.BodyFormat(m.Format)) {
		out = append(out, foundWord{s, by[s.Word]})
	}
	return out, nil
}

// mayLeave blames words that block a message which goes to the client.
func (h *hand) mayLeave(o *object, order ticket.Order) {
	if order.Message == nil || !slices.Contains(mailed, order.Kind) || len(*o.faults) > 0 || h.err != nil {
		return
	}
	found, err := h.forbidden(*order.Message)
	if err != nil {
		h.err = err
		return
	}
	at := &object{at: o.pointer("message"), faults: o.faults}
	for _, f := range found {
		if f.Action == "block" {
			at.blameWorld("body", "forbidden_word", map[string]string{"as": f.As, "word": f.Spotted.Word, "note": f.Note})
		}
	}
}
