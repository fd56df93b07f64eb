package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/mail"
	"duradesk/ticket"
	"duradesk/webhook"
)

// Lengths of what other programs call things, in characters.
const (
	maxForeignID = 200
	titleOfText  = 80 // of a ticket whose first message has no title
)

var foreignID = rule{needed: true, min: 1, max: maxForeignID, solid: true, line: true}

// TakeInbound stores what a client says in a channel. Nothing of the body is looked at before its signature is believed.
func (s *server) TakeInbound(c *gin.Context, key string, signed openapi.TakeInboundParams) {
	if value(signed.WebhookId) == "" || value(signed.WebhookTimestamp) == "" || value(signed.WebhookSignature) == "" {
		s.fail(c, s.disbelieved(c, webhook.ErrHeaders)) // its body is not even read
		return
	}
	raw, p := readRaw(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	channel, p, err := s.believed(ctx, c, key, signed, raw)
	if err != nil {
		s.told(c, err)
		return
	}
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	body, p := s.objectOf(c, raw)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	in, faults, err := s.inbound(ctx, channel, body, value(signed.WebhookId))
	if err != nil {
		s.told(c, err)
		return
	}
	if len(faults) > 0 {
		s.fail(c, problemOfFaults(faults))
		return
	}
	in.Fingerprint = fingerprintOf(raw)
	s.takeIn(c, in)
}

// takeIn stores and rings; that does not end when the channel hangs up.
func (s *server) takeIn(c *gin.Context, in ticket.Inbound) {
	steady := context.WithoutCancel(c.Request.Context())
	ctx, done := context.WithTimeout(steady, portTime)
	defer done()
	taken, err := s.Channels.TakeIn(ctx, in)
	if err != nil {
		s.notStored(c, err)
		return
	}
	if !taken.Repeated {
		s.ring(steady, ticket.Receipt{ID: taken.Ring.ID, Seq: taken.Ring.Seq, Number: taken.Number, Kind: taken.Kind, Waiting: taken.Waiting})
	}
	answer(c, http.StatusAccepted, openapi.InboundTaken{Id: in.ID, Conversation: in.Conversation, Ticket: int64(taken.Number), At: taken.At.UTC()})
}

// believed returns the channel whose secret signed the request. A channel that is not there is refused as a wrong
// signature is: nobody outside learns which keys there are. Who is not believed is held to the measure of his address,
// who is to that of the channel.
func (s *server) believed(ctx context.Context, c *gin.Context, key string, signed openapi.TakeInboundParams, raw []byte) (Channel, problem, error) {
	channel, secrets, err := s.Channels.ChannelSecrets(ctx, key)
	if err != nil && ticket.CodeOf(err) != ticket.NotFound {
		return Channel{}, problem{}, err
	}
	live := make([]string, len(secrets))
	for i, one := range secrets {
		live[i] = one.Reveal()
	}
	if len(live) == 0 {
		live = []string{webhook.NewSecret()} // so that it takes as long
	}
	why := webhook.Verify(live, value(signed.WebhookId), value(signed.WebhookTimestamp), value(signed.WebhookSignature), raw, s.Now())
	if why == nil && err == nil {
		return channel, s.perToken.take(c, "channel "+channel.ID), nil
	}
	if why == nil {
		why = webhook.ErrSignature
	}
	return Channel{}, s.disbelieved(c, why), nil
}

// disbelieved refuses what nobody known has signed, and counts it for the address that it came from.
func (s *server) disbelieved(c *gin.Context, why error) problem {
	if over := s.measured(c, asker{}); over.kind != "" {
		return over
	}
	return problem{kind: unauthorized, detail: "unauthorized_signature"}.with("why", why.Error())
}

// inbound reads what is said, and by whom. What the channel does not prove of a person is a claim, and finds nobody.
func (s *server) inbound(ctx context.Context, channel Channel, body map[string]any, signedID string) (ticket.Inbound, []fault, error) {
	o := newObject(body)
	in := ticket.Inbound{Channel: channel.ID, ID: o.text("id", foreignID), Conversation: o.text("conversation", foreignID)}
	if in.ID != "" && in.ID != signedID {
		o.blame("id", "other_than_signed", map[string]string{"header": webhook.HeaderID})
	}
	client := readSender(o, channel, &in)
	message := readSpoken(o, client.Name)
	title, language := o.text("title", titleRule), o.text("language", languageRule)
	h := &hand{s: s, ctx: ctx}
	h.withinLimits(o, channel.Desk, message)
	o.done()
	if len(*o.faults) > 0 || h.err != nil {
		return in, *o.faults, h.err
	}
	kind := ticket.ChannelExternal
	if channel.Kind == ticket.ChannelChat.String() {
		kind = ticket.ChannelChat
	}
	in.Order = ticket.Order{
		ID: "channel:" + channel.ID + ":" + in.ID, Kind: ticket.ClientReply, By: ticket.Actor{Kind: ticket.ActorClient}, Name: client.Name,
		Params: ticket.Params{Reply: &ticket.ReplyParams{Channel: kind}}, Message: message, Writer: &client,
		Opening: &ticket.Opening{Desk: channel.Desk, Title: titleFrom(title, message), Channel: kind, Language: language, Client: client},
	}
	fillIn(in.Order.Opening, message)
	return in, nil, nil
}

func readSender(o *object, channel Channel, in *ticket.Inbound) ticket.Client {
	p := o.inside("sender", true)
	if p == nil {
		return ticket.Client{}
	}
	in.Person = p.text("id", foreignID)
	out := ticket.Client{Name: p.text("name", rule{min: 1, max: 200, line: true}), Access: "none", External: channel.Key + "/" + in.Person}
	email, phone := p.text("email", emailRule), p.text("phone", rule{min: 1, max: 50, line: true})
	if slices.Contains(channel.Verified, provesEmail) {
		out.Email = email
	} else {
		in.Claims.Email = email
	}
	if slices.Contains(channel.Verified, provesPhone) {
		out.Phone = phone
	} else {
		in.Claims.Phone = phone
	}
	if out.Name == "" {
		out.Name = in.Person
	}
	p.done()
	return out
}

// readSpoken reads the words and files of a message.
func readSpoken(o *object, name string) *ticket.NewMessage {
	out := &ticket.NewMessage{Body: o.long("text", false), Format: "text", Author: ticket.By{Kind: ticket.ActorClient, Name: name}}
	if page := o.long("html", false); page != "" {
		out.HTML = mail.SanitizeHTML(page)
		if out.Body == "" {
			out.Body = mail.HTMLToText(page)
		}
	}
	var links []string
	out.Files, links = readFiles(o)
	if len(links) > 0 {
		out.Body = strings.TrimLeft(out.Body+"\n\n"+strings.Join(links, "\n"), "\n")
	}
	if strings.TrimSpace(out.Body) == "" && len(out.Files) == 0 && len(*o.faults) == 0 {
		o.blame("text", "missing", map[string]string{"name": "text"})
	}
	return out
}

// readFiles reads what was sent along; of what was not, the lines that name it.
func readFiles(o *object) (files []ticket.NewFile, links []string) {
	for i, v := range o.list("attachments", 50) {
		fields, ok := v.(map[string]any)
		f := &object{at: o.pointer("attachments") + "/" + itoa(i), fields: fields, faults: o.faults}
		if !ok {
			*o.faults = append(*o.faults, fault{pointer: f.at, code: "object"})
			continue
		}
		file := ticket.NewFile{
			Name: fileName(f.text("name", rule{needed: true, min: 1, max: 255, line: true})),
			Type: f.text("type", rule{min: 3, max: 100, pattern: typePattern, like: "media_type"}),
		}
		address := f.text("url", rule{min: 1, max: 2000, line: true})
		if f.fields["data"] != nil && address != "" {
			f.blame("url", "not_both", map[string]string{"other": "data"})
		}
		if address == "" {
			file.Data = f.bytes("data", maxFile)
			files = append(files, withType(file))
		} else {
			links = append(links, file.Name+": "+address)
		}
		f.asked = append(f.asked, "data")
		f.done()
	}
	return files, links
}

// titleFrom is what the ticket is called: as said, else by the beginning of the text.
func titleFrom(title string, m *ticket.NewMessage) string {
	words := strings.Join(strings.Fields(m.Body), " ")
	switch {
	case title != "":
		return title
	case utf8.RuneCountInString(words) > titleOfText:
		return string([]rune(words)[:titleOfText-1]) + "…"
	case words != "":
		return words
	}
	return m.Files[0].Name
}

func fingerprintOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
