package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"duradesk/api/openapi"
	"duradesk/mail"
)

// itemView is one line of the thread.
type itemView struct {
	ID, MessageID string
	Kind          string // message, note, event
	By            string // client, agent, system, operator
	Name, Initial string
	At            moment
	Age           string
	Parts         []partView
	HTML          template.HTML // of what was written in Markdown
	Frame         string        // where the mail is shown as its sender laid it out
	Framed        bool          // shown so from the start: as text it would lose its sense
	Raw           string
	Files         []fileView
	Delivery      []deliveryView
	Text, Why     string // of an event
	Event         string
	From, To      string
	Withdraw      bool
	Number        string
	Split, Move   bool // it may be taken out of the thread
	Threading     *openapi.Threading
}

// partView is a stretch of a text: what is new, or what is repeated and folded.
type partView struct {
	HTML   template.HTML
	Folded bool
}

type fileView struct {
	Name, Href, Size string
	Picture          bool
}

type deliveryView struct {
	State, Address, Reason string
	Attempts               int
}

func (v *visit) items(in []openapi.TimelineItem, t openapi.Ticket) ([]itemView, error) {
	out := make([]itemView, 0, len(in))
	for _, i := range in {
		one, err := v.item(i, t)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (v *visit) item(i openapi.TimelineItem, t openapi.Ticket) (itemView, error) {
	out := itemView{
		ID: i.Id, Kind: string(i.Type), By: string(i.By.Kind), Name: i.By.Name, At: v.moment(i.At), Age: v.age(v.c.Now().Sub(i.At)), Raw: deref(i.Raw),
		Number: fmt.Sprint(t.Number), Threading: i.Threading, Split: allowed(t, "split"), Move: allowed(t, "move"),
	}
	if out.Name == "" {
		out.Name = sayOr(v.lang, "by."+out.By, out.By)
	}
	out.Initial = initial(out.Name)
	if i.Event != nil {
		out.Event, out.Text = i.Event.Name, i.Event.Text
		out.From, out.To = deref(i.Event.From), deref(i.Event.To)
		if c := i.Event.Cause; c != nil {
			out.Why = deref(c.Why)
		}
		return out, nil
	}
	if err := v.words(&out, i); err != nil {
		return out, err
	}
	for _, f := range deref(i.Attachments) {
		out.Files = append(out.Files, fileView{
			Name: f.Name, Href: "/api/v1/attachments/" + url.PathEscape(f.Id), Size: sizeOf(f.Size), Picture: pictures[f.Type] && f.Size < 8<<20,
		})
	}
	for _, d := range deref(i.Delivery) {
		out.Delivery = append(out.Delivery, deliveryView{State: string(d.State), Address: d.Recipient, Reason: deref(d.Reason), Attempts: d.Attempts})
		if d.State == "queued" && d.Attempts == 0 {
			out.Withdraw = true
		}
	}
	return out, nil
}

// pictures are the formats that are shown in place: none can hold a script.
var pictures = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true}

// words shows what was said: Markdown as it reads, text with its quotations folded, HTML in a frame of its own.
func (v *visit) words(out *itemView, i openapi.TimelineItem) error {
	body := deref(i.Body)
	if deref(i.BodyFormat) == "markdown" {
		page, err := mail.RenderHTML(body, mail.FormatMarkdown)
		if err != nil {
			return err
		}
		out.HTML = template.HTML(tame(page)) // sanitised by mail
		return nil
	}
	if i.Html != nil {
		out.Frame = "/-/tickets/" + out.Number + "/messages/" + url.PathEscape(i.Id)
		out.Framed = laidOut.MatchString(*i.Html)
	}
	if deref(i.BodyFormat) == "html" {
		body = mail.RenderText(body, mail.FormatHTML)
	}
	out.Parts = foldedParts(body)
	return nil
}

// laidOut finds what text cannot tell.
var laidOut = regexp.MustCompile(`(?i)<(table|img)\b`)

// styled and loaded are what the page's policy would refuse in sanitised HTML: it is taken away before.
var (
	styled = regexp.MustCompile(` style="[^"]*"`)
	loaded = regexp.MustCompile(`(?i)<img\b[^>]*?src="([^"]*)"[^>]*>`)
)

func tame(page string) string {
	page = styled.ReplaceAllString(page, "")
	return loaded.ReplaceAllString(page, `<a href="$1" rel="nofollow noreferrer noopener" target="_blank">$1</a>`)
}

// foldedParts splits a text into what is new and what is repeated.
func foldedParts(text string) []partView {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	split := mail.SplitText(text)
	folded := append(append([]mail.Range{}, split.Quoted...), split.Signature...)
	slices.SortFunc(folded, func(a, b mail.Range) int { return a.Start - b.Start })
	var out []partView
	add := func(from, to int, fold bool) {
		if stretch := strings.Trim(text[from:to], "\n"); strings.TrimSpace(stretch) != "" {
			out = append(out, partView{linked(stretch), fold})
		}
	}
	at := 0
	for _, r := range folded {
		add(at, max(at, r.Start), false)
		add(max(at, r.Start), max(at, r.End), true)
		at = max(at, r.End)
	}
	add(at, len(text), false)
	return out
}

var address = regexp.MustCompile(`https?://[^\s<>"'()（）「」、。]+[^\s<>"'()（）「」、。.,;:!?]`)

// linked escapes a text and makes its web addresses links.
func linked(text string) template.HTML {
	var out strings.Builder
	at := 0
	for _, found := range address.FindAllStringIndex(text, 200) {
		out.WriteString(template.HTMLEscapeString(text[at:found[0]]))
		to := template.HTMLEscapeString(text[found[0]:found[1]])
		out.WriteString(`<a href="` + to + `" rel="nofollow noreferrer noopener" target="_blank">` + to + `</a>`)
		at = found[1]
	}
	out.WriteString(template.HTMLEscapeString(text[at:]))
	return template.HTML(out.String()) // escaped above
}

func sizeOf(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// fieldsOf shows a ticket's own fields as text, in the order of their names.
func fieldsOf(fields map[string]any) []fieldView {
	var out []fieldView
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text, isText := fields[name].(string)
		if !isText {
			raw, err := json.Marshal(fields[name])
			if err != nil {
				continue
			}
			text = string(raw)
		}
		out = append(out, fieldView{name, text})
	}
	return out
}

// eventsView is what happened, with the reason of each step (N47).
type eventsView struct {
	Items []itemView
}

func (v *visit) eventsFragment() error {
	var out eventsView
	for cursor := ""; ; {
		var page openapi.Timeline
		err := v.get("/tickets/"+url.PathEscape(v.r.PathValue("number"))+"/timeline?limit=200&cursor="+url.QueryEscape(cursor), &page)
		if err != nil {
			return err
		}
		for _, i := range page.Items {
			if i.Type != "event" {
				continue
			}
			one, err := v.item(i, openapi.Ticket{})
			if err != nil {
				return err
			}
			out.Items = append(out.Items, one)
		}
		if page.NextCursor == nil {
			return v.show(http.StatusOK, "events", out)
		}
		cursor = *page.NextCursor
	}
}
