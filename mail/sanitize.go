package mail

import (
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// SanitizeHTML makes the HTML of a stranger inert: no script, form, style sheet, frame, event handler or remote
// reference but links and images remains; links without scheme are dropped. Remote images stay as they are: whether
// they are loaded is for the page that shows the result, which must be a sandboxed frame with a strict policy.
// What is too deeply nested for a browser's parser is given as text.
func SanitizeHTML(page string) string {
	return balance(policy().Sanitize(page))
}

// policy is bluemonday's for user content, opened for the layout that mail needs.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowURLSchemes("http", "https", "mailto", "cid")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.AllowElements("font", "center", "span", "div", "u", "s", "small", "big")
	p.AllowAttrs("color", "size", "face").OnElements("font")
	p.AllowAttrs("align", "valign", "width", "height", "bgcolor", "border", "cellpadding", "cellspacing").
		Matching(regexp.MustCompile(`^[#a-zA-Z0-9%. ]{1,40}$`)).
		OnElements("table", "thead", "tbody", "tr", "td", "th", "img", "div", "p", "hr")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^cite$`)).OnElements("blockquote")
	p.AllowStyles("color", "background-color", "font-weight", "font-style", "text-align", "text-decoration",
		"font-size", "font-family", "width", "white-space", "padding", "margin", "border-left").
		MatchingHandler(safeStyle).Globally()
	return p
})

// safeStyle refuses what loads, computes or hides.
func safeStyle(value string) bool {
	value = strings.ToLower(value)
	if len(value) > 120 || strings.ContainsAny(value, `\@<>{};`) {
		return false
	}
	for _, word := range []string{"url", "expression", "javascript", "import", "var(", "calc(", "-moz-", "behavior"} {
		if strings.Contains(value, word) {
			return false
		}
	}
	return true
}

// balance closes what was left open, so that the mail cannot reach out of its place on a page.
func balance(page string) string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return "<pre>" + html.EscapeString(HTMLToText(page)) + "</pre>"
	}
	body := findBody(doc)
	if body == nil {
		return ""
	}
	var out strings.Builder
	for c := body.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&out, c); err != nil {
			return "<pre>" + html.EscapeString(HTMLToText(page)) + "</pre>"
		}
	}
	return out.String()
}

func findBody(doc *html.Node) *html.Node {
	for top := doc.FirstChild; top != nil; top = top.NextSibling {
		if top.Type != html.ElementNode || top.Data != "html" {
			continue
		}
		for n := top.FirstChild; n != nil; n = n.NextSibling {
			if n.Type == html.ElementNode && n.Data == "body" {
				return n
			}
		}
	}
	return nil
}
