package mail

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	gmhtml "github.com/yuin/goldmark/renderer/html"
)

// BodyFormat is the format of a body that a person wrote.
type BodyFormat string

// The formats of a body.
const (
	FormatMarkdown BodyFormat = "markdown"
	FormatText     BodyFormat = "text"
	FormatHTML     BodyFormat = "html"
)

// RenderHTML gives the HTML of a body, sanitised. A line break in Markdown stays one, as people expect in mail.
func RenderHTML(body string, format BodyFormat) (string, error) {
	switch format {
	case FormatHTML:
		return SanitizeHTML(body), nil
	case FormatText:
		lines := html.EscapeString(strings.TrimRight(body, "\n"))
		return `<div style="white-space:pre-wrap">` + lines + "</div>", nil
	case FormatMarkdown, "":
		var out bytes.Buffer
		if err := markdown().Convert([]byte(body), &out); err != nil {
			return "", fmt.Errorf("render Markdown: %w", err)
		}
		return SanitizeHTML(out.String()), nil
	}
	return "", fmt.Errorf("unknown body format %q: use markdown, text or html", format)
}

// RenderText gives the plain text of a body: text is its own, Markdown and HTML are read.
func RenderText(body string, format BodyFormat) string {
	switch format {
	case FormatHTML:
		return HTMLToText(body)
	case FormatMarkdown, "":
		return markdownText(body)
	case FormatText:
	}
	return cleanText(body)
}

var markdown = sync.OnceValue(func() goldmark.Markdown {
	hard := gmhtml.WithHardWraps()
	return goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.NewLinkify(), extension.NewCJK(
			extension.WithEscapedSpace())),
		goldmark.WithRendererOptions(hard.(renderer.Option)),
	)
})

// Spoken gives a body in the three forms in which programs outside mail may show it. Text and HTML become Markdown that
// shows the same characters.
func Spoken(body string, format BodyFormat) (text, marked, page string, err error) {
	if page, err = RenderHTML(body, format); err != nil {
		return "", "", "", err
	}
	text = RenderText(body, format)
	if marked = text; format == FormatText || format == FormatHTML {
		marked = markdownMarks.Replace(text)
	}
	return text, marked, page, nil
}

// markdownMarks escapes what Markdown would read as something else than itself (CommonMark §2.4).
var markdownMarks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`, "~", `\~`, "|", `\|`)
