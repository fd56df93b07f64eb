package console

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

func previewRoutes() []route {
	return []route{{pattern: "POST /tickets/{number}/preview", serve: (*visit).preview}}
}

// previewed is what the API says a mail would be.
type previewed struct {
	Outcome    string  `json:"outcome"`
	ReasonText *string `json:"reason_text"`
	NoMail     *string `json:"no_mail"`
	Mail       *struct {
		From    struct{ Name, Address string } `json:"from"`
		To, Cc  []string
		Subject string
		Text    string
		HTML    *string `json:"html"`
	} `json:"mail"`
	Spoken *struct {
		Channel, Conversation, HTML string
	} `json:"spoken"`
	Forbidden []struct {
		Word, As, Action, Note string
		Times                  int
	} `json:"forbidden"`
	Blocked bool `json:"blocked"`
}

// previewView is the page in the composer's frame.
type previewView struct {
	previewed
	Lang, To, Cc string
	Body, Spoke  template.HTML
	Fault        string
	Lines        []string
}

// preview shows the mail as the client will get it, in a frame with a policy of its own, as every mail.
func (v *visit) preview() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxSend)
	if err := v.r.ParseMultipartForm(8 << 20); err != nil {
		return v.refuse(http.StatusRequestEntityTooLarge, say(v.lang, "title.too-large"), say(v.lang, "detail.too-large"))
	}
	way := v.r.URL.Query().Get("way")
	if ways[way] == "" || way == "note" {
		way = "answer"
	}
	body, err := v.sendBody(way)
	if err != nil {
		return err
	}
	delete(body, "id")
	delete(body, "draft_id")
	delete(body, "seen_revision")
	body["command"] = ways[way]
	out := previewView{Lang: v.lang}
	h := v.w.Header()
	h.Set("Content-Security-Policy", framePolicy(false))
	h.Set("X-Frame-Options", "SAMEORIGIN")
	err = v.ask(http.MethodPost, "/tickets/"+url.PathEscape(v.r.PathValue("number"))+"/preview", body, &out.previewed)
	if statusOf(err) != 0 {
		out.Fault = v.faultOf(err)
		return v.show(http.StatusOK, "preview", out)
	}
	if err != nil {
		return err
	}
	if m := out.Spoken; m != nil {
		page, _ := pictured(m.HTML, nil, false)
		out.Spoke = template.HTML(page) // as the mail's
	}
	if m := out.Mail; m != nil {
		out.To, out.Cc = joined(m.To), joined(m.Cc)
		page := `<div class="plain">` + template.HTMLEscapeString(m.Text) + `</div>`
		if m.HTML != nil && strings.TrimSpace(*m.HTML) != "" {
			page, _ = pictured(*m.HTML, nil, false)
		}
		out.Body = template.HTML(page) // made and sanitised by mail, and sandboxed
	}
	return v.show(http.StatusOK, "preview", out)
}
