package console

import (
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"duradesk/api/openapi"
)

// A mail's own HTML is shown in a frame that is sandboxed twice: by the page that holds it, and by its own headers. No
// script runs in it, nothing is loaded but the mail's own pictures, and remote pictures only once the agent asked for
// them. It shares the page's origin, which without scripts is of no use to it, so that the page can measure its height.
// It has an address of its own, unlike a srcdoc, which would inherit the page's policy and could not have its own styles.

type mailFrameView struct {
	Lang    string
	Body    template.HTML
	Remote  int // pictures that were not loaded
	Shown   bool
	Address string
}

func framePolicy(remote bool) string {
	pictures := "img-src 'self' data:"
	if remote {
		pictures += " https: http:"
	}
	return "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'self' 'unsafe-inline'; " +
		pictures + "; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
}

// messageFrame shows one mail as its sender laid it out.
func (v *visit) messageFrame() error {
	remote := v.r.URL.Query().Get("pictures") == "remote"
	found, err := v.findItem(v.r.PathValue("number"), v.r.PathValue("message"))
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Security-Policy", framePolicy(remote))
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Referrer-Policy", "no-referrer")
	page, left := pictured(deref(found.Html), deref(found.Attachments), remote)
	return v.show(http.StatusOK, "mail-frame", mailFrameView{
		Lang: v.lang, Body: template.HTML(page), Remote: left, Shown: remote, Address: v.r.URL.Path, // sanitised as it came in, and sandboxed
	})
}

// findItem looks through a ticket's timeline for one message.
func (v *visit) findItem(number, id string) (openapi.TimelineItem, error) {
	for cursor := ""; ; {
		var page openapi.Timeline
		err := v.get("/tickets/"+url.PathEscape(number)+"/timeline?limit=200&cursor="+url.QueryEscape(cursor), &page)
		if err != nil {
			return openapi.TimelineItem{}, err
		}
		for _, i := range page.Items {
			if i.Id == id {
				return i, nil
			}
		}
		if page.NextCursor == nil {
			return openapi.TimelineItem{}, &problem{Status: http.StatusNotFound, Title: say(v.lang, "title.not-found"), Detail: say(v.lang, "detail.not-found")}
		}
		cursor = *page.NextCursor
	}
}

var (
	pictureTag = regexp.MustCompile(`(?i)<img\b[^>]*>`)
	source     = regexp.MustCompile(`(?i)\ssrc="([^"]*)"`)
)

// pictured leads a mail's own pictures to its attachments, and takes remote ones away until they are asked for: they
// tell their sender when, where and by whom the mail was read. It counts those that were taken away.
func pictured(page string, files []openapi.Attachment, remote bool) (string, int) {
	left := 0
	page = pictureTag.ReplaceAllStringFunc(page, func(tag string) string {
		found := source.FindStringSubmatch(tag)
		if found == nil {
			return ""
		}
		switch src := found[1]; {
		case strings.HasPrefix(strings.ToLower(src), "cid:"):
			return source.ReplaceAllLiteralString(tag, ` src="`+ownPicture(src[4:], files)+`"`)
		case strings.HasPrefix(src, "data:image/"):
			return tag
		case remote:
			return tag
		}
		left++
		return source.ReplaceAllLiteralString(tag, "")
	})
	return page, left
}

// ownPicture finds the attachment that a mail means by a Content-ID: the API tells files by name, and mail programs make
// the id of it.
func ownPicture(id string, files []openapi.Attachment) string {
	name, _, _ := strings.Cut(id, "@")
	for _, f := range files {
		if pictures[f.Type] && (strings.EqualFold(f.Name, name) || strings.EqualFold(f.Name, id)) {
			return "/api/v1/attachments/" + url.PathEscape(f.Id)
		}
	}
	for _, f := range files {
		if pictures[f.Type] {
			return "/api/v1/attachments/" + url.PathEscape(f.Id)
		}
	}
	return "data:,"
}
