package console

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"duradesk/api/openapi"
)

func composeRoutes() []route {
	return []route{
		{pattern: "POST /tickets/{number}/send", serve: (*visit).send},
	}
}

// composeView is what an agent writes with.
type composeView struct {
	Answer, Hold, Resolve, Note bool // what may be sent
	To, Cc                      string
	Reasons                     []option
	Refusal                     string // why nothing can be answered
	FollowUp                    bool   // offer a linked ticket
	Drafts                      map[string]draftView
	Templates                   []option
	UndoSeconds                 int
	DeskKey                     string
}

// draftView is what the agent has begun to write, as the server keeps it.
type draftView struct {
	ID, Body, To, Cc, Template string
	Shared                     bool  // colleagues may read it
	At                         int64 // milliseconds, as scripts count
	Files                      []fileView
}

// draftOf says for which composer a draft is.
var draftOf = map[openapi.DraftKind]string{"agent-response": "answer", "hold": "answer", "resolve": "answer", "note": "note"}

// drafts finds the agent's own: the one that is being written, else the newest that was kept for him.
// What colleagues share comes beside it.
func (v *visit) drafts(number string) (map[string]draftView, []sharedDraft, error) {
	var found openapi.DraftList
	if err := v.get("/tickets/"+url.PathEscape(number)+"/drafts", &found); err != nil {
		return nil, nil, err
	}
	var shared []sharedDraft
	out := map[string]draftView{"answer": {}, "note": {}}
	written := map[string]bool{}
	for _, d := range found.Items {
		if d.Agent != v.me.Key {
			shared = append(shared, sharedDraft{
				Name: d.AgentName, Kind: cmp.Or(draftOf[d.Kind], "note"), Body: d.Message.Body, At: v.moment(d.UpdatedAt), Age: v.age(v.c.Now().Sub(d.UpdatedAt)),
			})
		}
		form := draftOf[d.Kind]
		if form == "" || d.Agent != v.me.Key || written[form] || d.Kept && out[form].ID != "" {
			continue
		}
		written[form] = !d.Kept
		one := draftView{ID: d.Id, Shared: d.Shared, Body: d.Message.Body, To: joined(d.Message.To), Cc: joined(d.Message.Cc), Template: deref(d.Message.Template), At: d.UpdatedAt.UnixMilli()}
		for _, f := range d.Message.Attachments {
			one.Files = append(one.Files, fileView{Name: f.Name, Href: f.Id, Size: sizeOf(f.Size)})
		}
		out[form] = one
	}
	return out, shared, nil
}

func (v *visit) compose(t *ticketView, h *house, drafts map[string]draftView) composeView {
	to := deref(t.Client.Email)
	if t.Conversation != nil { // it is answered there; whom the agent names gets it by mail besides
		to = ""
	}
	out := composeView{
		Drafts: drafts, DeskKey: t.Desk,
		Answer: t.allows("agent-response"), Hold: t.allows("hold"), Resolve: t.allows("resolve"), Note: t.allows("note"), To: to,
		Reasons: v.opts("holding", "client", "third_party", "internal", "scheduled"), FollowUp: t.State == "closed",
	}
	for _, a := range t.Allowed {
		if a.Command == "agent-response" {
			out.Refusal = deref(a.ReasonText)
		}
	}
	for _, d := range h.Desks {
		if d.Key == t.Desk {
			out.UndoSeconds = d.UndoSendSeconds
		}
	}
	for _, x := range h.Templates {
		if x.Name != "" && (x.Desk == nil || *x.Desk == t.Desk) && string(x.Language) == t.Language && answers[string(x.Occasion)] {
			out.Templates = append(out.Templates, option{x.Name, x.Name})
		}
	}
	return out
}

// answers are the occasions on which an agent writes.
var answers = map[string]bool{"answer": true, "interim": true, "final": true}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// maxSend bounds a form with a text; the API bounds the text. Files go ahead of it.
const maxSend = 4 << 20

// mostFile is the bytes of a file that the API takes: what is larger is told before it leaves.
const mostFile = 25 << 20

// ways are what a text can be sent as: the command, and whether it is for the client.
var ways = map[string]string{"answer": "agent-response", "hold": "hold", "resolve": "resolve", "note": "note"}

// send takes what the composer wrote. Whatever goes wrong, the text stays where it was written: only the answer's own
// place on the page changes.
func (v *visit) send() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxSend)
	if err := v.r.ParseMultipartForm(8 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return v.refuse(http.StatusRequestEntityTooLarge, say(v.lang, "title.too-large"), say(v.lang, "detail.too-large"))
	}
	way := v.r.FormValue("way")
	command, ok := ways[way]
	if !ok {
		return v.nothing()
	}
	body, err := v.sendBody(way)
	if err != nil {
		return err
	}
	n := v.r.PathValue("number")
	var receipt openapi.Receipt
	err = v.ask(http.MethodPost, "/tickets/"+url.PathEscape(n)+"/"+command, body, &receipt)
	var p *problem
	if errors.As(err, &p) && p.Type == "/problems/stale" {
		return v.stale(n, p)
	}
	if err != nil {
		return err
	}
	return v.acted(n, "sent_"+way, receipt)
}

func (v *visit) sendBody(way string) (map[string]any, error) {
	message := map[string]any{"body": v.r.FormValue("body"), "body_format": "markdown"}
	if way != "note" {
		if to := separated(v.r.FormValue("to")); len(to) > 0 {
			message["to"] = to
		}
		if cc := separated(v.r.FormValue("cc")); len(cc) > 0 {
			message["cc"] = cc
		}
	}
	if minutes, err := strconv.Atoi(strings.TrimSpace(v.r.FormValue("minutes"))); err == nil && minutes > 0 {
		message["work_minutes"] = minutes
	}
	if template := v.r.FormValue("template"); template != "" {
		message["template"] = template
	}
	if kept := v.r.PostForm["draft_files"]; len(kept) > 0 {
		message["draft_files"] = kept
	}
	var ahead []map[string]any
	for _, id := range v.r.PostForm["uploads"] {
		ahead = append(ahead, map[string]any{"id": id})
	}
	if ahead != nil {
		message["attachments"] = ahead
	}
	body := map[string]any{"message": message}
	if draft := v.r.FormValue("draft_id"); draft != "" {
		body["draft_id"] = draft
	}
	if id := v.r.FormValue("id"); id != "" {
		body["id"] = id
	}
	if seen, err := strconv.ParseInt(v.r.FormValue("seen_revision"), 10, 64); err == nil {
		body["seen_revision"] = seen
	}
	if way == "hold" {
		hold := map[string]any{"reason": v.r.FormValue("reason")}
		if until := v.r.FormValue("until"); until != "" {
			t, err := v.fromInput(until)
			if err != nil {
				return nil, v.wrong(field{Label: "field.until"}, say(v.lang, "form.time"))
			}
			hold["until"] = t.UTC()
		}
		body["hold"] = hold
	}
	return body, nil
}

// staleView is what came while an answer was written.
type staleView struct {
	Title, Detail string
	Items         []itemView
	Revision      int64
	Draft         string // the copy that the server kept of what was refused
}

// stale shows the unseen messages above the text, which is kept, and lets it be sent all the same.
func (v *visit) stale(n string, p *problem) error {
	var t openapi.Ticket
	if err := v.get("/tickets/"+url.PathEscape(n), &t); err != nil {
		return err
	}
	items, err := v.items(p.Unseen, t)
	if err != nil {
		return err
	}
	return v.show(http.StatusConflict, "stale", staleView{Title: say(v.lang, "stale.title"), Detail: say(v.lang, "stale.detail"), Items: items, Revision: t.Revision, Draft: p.DraftID})
}
