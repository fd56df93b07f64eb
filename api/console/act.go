package console

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"duradesk/api/openapi"
)

func actionRoutes() []route {
	return []route{
		{pattern: "GET /-/tickets/{number}/dialog/{action}", serve: (*visit).dialog},
		{pattern: "POST /tickets/{number}/do/{action}", serve: (*visit).do},
		{pattern: "GET /-/tickets/{number}/messages/{message}/move", serve: (*visit).moveDialog},
		{pattern: "POST /tickets/{number}/messages/{message}/{command}", serve: (*visit).doMessage},
	}
}

// dialogView is the form of an action.
type dialogView struct {
	Title, Explain string // catalog keys
	Post           string
	Submit         string // catalog key
	Fields         []field
	Grave          bool
	N              string
	Seen           int64
	ID             string // of the command: a form that is sent twice acts once
}

func (v *visit) dialog() error {
	a, ok := actionByID(v.r.PathValue("action"))
	if !ok || !a.Asks() {
		return v.nothing()
	}
	n := v.r.PathValue("number")
	var t openapi.Ticket
	if err := v.get("/tickets/"+url.PathEscape(n), &t); err != nil {
		return err
	}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	at, said := placeOf(v.r), v.r.URL.Query()
	fields, err := a.fields(v.ticketOf(t, at, h), v, h, said)
	if err != nil {
		return err
	}
	if chosen := said.Get("chosen"); chosen != "" {
		return v.show(http.StatusOK, "fields", typed(fields, said, chosen))
	}
	return v.show(http.StatusOK, "dialog", dialogView{
		Title: "action." + a.ID, Explain: "explain." + a.ID, Submit: "submit." + a.ID, Post: at.Fragment("/tickets/" + n + "/do/" + a.ID),
		Fields: fields, Grave: a.Grave, N: n, Seen: t.Revision, ID: newID(),
	})
}

// do carries out an action.
func (v *visit) do() error {
	a, ok := actionByID(v.r.PathValue("action"))
	if !ok {
		return v.nothing()
	}
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	n := v.r.PathValue("number")
	body := map[string]any{}
	if a.Asks() {
		h, err := v.theHouse()
		if err != nil {
			return err
		}
		var t openapi.Ticket
		if err := v.get("/tickets/"+url.PathEscape(n), &t); err != nil {
			return err
		}
		fields, err := a.fields(v.ticketOf(t, placeOf(v.r), h), v, h, v.r.PostForm)
		if err != nil {
			return err
		}
		if body, err = v.body(fields, v.r.PostForm); err != nil {
			return err
		}
	}
	maps.Copy(body, a.Fixed)
	if id := v.r.PostForm.Get("id"); id != "" {
		body["id"] = id
	}
	return v.command(n, a.Command, a.ID, body)
}

// command sends a command and answers with all that it changed on the page.
func (v *visit) command(n, command, name string, body map[string]any) error {
	var receipt openapi.Receipt
	if err := v.ask(http.MethodPost, "/tickets/"+url.PathEscape(n)+"/"+command, body, &receipt); err != nil {
		return err
	}
	return v.acted(n, name, receipt)
}

// doneView is a page's parts after a command. The counts of views are not among them: the page asks for these by
// itself, and nobody waits for them.
type doneView struct {
	Ticket *ticketView
	Row    rowView
}

// toast is what a person is told in passing.
type toast struct {
	Text    string `json:"text"`
	Tone    string `json:"tone,omitempty"`
	Seconds int    `json:"seconds,omitempty"` // for how long it can be taken back
	Number  string `json:"number,omitempty"`
	What    string `json:"what,omitempty"`
}

// acted answers with the ticket's parts and its row, and tells the scripts what was done.
func (v *visit) acted(n, name string, receipt openapi.Receipt) error {
	at := placeOf(v.r)
	out := doneView{}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	if out.Ticket, err = v.ticket(n, at); err != nil {
		return err
	}
	columns, err := v.columns(at)
	if err != nil {
		return err
	}
	out.Row = v.row(out.Ticket.Ticket, at, h, columnNames(columns))
	out.Row.Open = true
	said := toast{Text: say(v.lang, "did."+name), Number: n, What: name}
	if receipt.Outcome == openapi.OutcomeAlready {
		said.Text = say(v.lang, "did.already")
	}
	if receipt.Outcome == openapi.OutcomePending {
		said.Text, said.Tone = say(v.lang, "did.pending"), "wait"
	}
	if strings.HasPrefix(name, "sent_") && name != "sent_note" {
		said.Seconds = out.Ticket.Compose.UndoSeconds
	}
	v.tell("duradesk:done", said)
	return v.show(http.StatusOK, "done", out)
}

// tell sends an event with the answer, which the page's scripts hear.
func (v *visit) tell(event string, what any) {
	raw, err := json.Marshal(map[string]any{event: what})
	if err != nil {
		panic("write an event: " + err.Error())
	}
	v.w.Header().Set("HX-Trigger", asciiOnly(string(raw)))
}

// asciiOnly writes what a header cannot carry as JSON escapes.
func asciiOnly(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r < 0x80:
			out.WriteRune(r)
		case r < 0x10000:
			out.WriteString(`\u` + hex4(r))
		default:
			r -= 0x10000
			out.WriteString(`\u` + hex4(0xd800+r>>10) + `\u` + hex4(0xdc00+r&0x3ff))
		}
	}
	return out.String()
}

func hex4(r rune) string {
	text := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", 4-len(text)) + text
}

// doMessage sends a command about one message: withdraw, split, move.
func (v *visit) doMessage() error {
	command, about := v.r.PathValue("command"), map[string]any{"message": v.r.PathValue("message")}
	switch command {
	case "withdraw", "split":
	case "move":
		if err := v.r.ParseForm(); err != nil {
			return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
		}
		said, err := v.body(moveFields, v.r.PostForm)
		if err != nil {
			return err
		}
		maps.Copy(about, said)
	default:
		return v.nothing()
	}
	return v.command(v.r.PathValue("number"), command, command, map[string]any{command: about})
}

var moveFields = []field{{Name: "into", Label: "field.into", Kind: whole, Needed: true, Focus: true}}

// moveDialog asks where a wrongly threaded message belongs.
func (v *visit) moveDialog() error {
	n := v.r.PathValue("number")
	return v.show(http.StatusOK, "dialog", dialogView{
		Title: "action.move", Explain: "explain.move", Submit: "action.move", Fields: moveFields, N: n,
		Post: placeOf(v.r).Fragment("/tickets/" + url.PathEscape(n) + "/messages/" + url.PathEscape(v.r.PathValue("message")) + "/move"),
	})
}
