package mail

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"text/template"
)

// Occasion is when a template is used.
type Occasion string

// The occasions.
const (
	OccasionAcknowledge Occasion = "acknowledge" // the first mail of a ticket was received
	OccasionAnswer      Occasion = "answer"      // an answer, the ticket stays open
	OccasionInterim     Occasion = "interim"     // an answer with which the ticket is put on hold
	OccasionFinal       Occasion = "final"       // an answer that resolves the ticket
	OccasionClosed      Occasion = "closed"      // the ticket has become final
	OccasionFeedback    Occasion = "feedback"    // the client is asked for a rating
	OccasionFollowUp    Occasion = "follow_up"   // a mail to a closed ticket opened a new one
)

// Occasions are all occasions, in the order of a ticket's life.
func Occasions() []Occasion {
	return []Occasion{
		OccasionAcknowledge, OccasionAnswer, OccasionInterim, OccasionFinal, OccasionClosed, OccasionFeedback, OccasionFollowUp,
	}
}

// Languages are the languages that the built-in templates have.
func Languages() []string { return []string{"en", "ja"} }

// TemplateData is what a template may use.
type TemplateData struct {
	// Number is that of the ticket; Previous that of the closed ticket before it (follow_up), or 0.
	Number, Previous int64
	Title            string
	// Client and Agent are names for the salutation and the end; Desk is the desk's name. Each may be empty.
	Client, Agent, Desk string
	// Body is what the agent wrote, as Markdown.
	Body string
	// Link leads to the ticket or the rating page, if the client may open one.
	Link string
	// CloseDays is after how many days a resolved ticket closes by itself, or 0 to leave that out.
	CloseDays int
	// Signature is what the desk puts at the end of what agents write, or "".
	Signature string
	// Automatic says that no person looks at the mail before it is sent.
	Automatic bool
}

//go:embed templates/*.md
var templateFiles embed.FS

// Render fills the built-in template of an occasion: a subject without tag and prefix, and a body in Markdown. A
// language without templates gets English.
func Render(occasion Occasion, language string, data TemplateData) (subject, body string, err error) {
	source, err := TemplateSource(occasion, language)
	if err != nil {
		return "", "", err
	}
	return RenderTemplate(source, data)
}

// TemplateSource is the text of a built-in template, as a start for a desk's own.
func TemplateSource(occasion Occasion, language string) (string, error) {
	language, _, _ = strings.Cut(strings.ToLower(language), "-")
	raw, err := fs.ReadFile(templateFiles, fmt.Sprintf("templates/%s.%s.md", occasion, language))
	if err != nil {
		raw, err = fs.ReadFile(templateFiles, fmt.Sprintf("templates/%s.en.md", occasion))
	}
	if err != nil {
		return "", fmt.Errorf("no mail template for occasion %q", occasion)
	}
	return string(raw), nil
}

// RenderTemplate fills a template: a first line "Subject: …", an empty line, the body. The language is that of
// text/template; plain makes a stranger's words safe to repeat in a mail that no person looks at before it is sent.
func RenderTemplate(source string, data TemplateData) (subject, body string, err error) {
	t, err := parseTemplate(source, data)
	if err != nil {
		return "", "", err
	}
	filled, err := execute(t, data)
	if err != nil {
		return "", "", err
	}
	head, body, _ := strings.Cut(filled, "\n")
	subject, ok := strings.CutPrefix(head, "Subject:")
	if !ok {
		return "", "", fmt.Errorf("mail template: the first line must be \"Subject: …\"")
	}
	return oneLine(subject), strings.TrimSpace(body) + "\n", nil
}

// CheckTemplate says what is wrong with a template, for the person who wrote it.
func CheckTemplate(source string) error {
	_, _, err := RenderTemplate(source, sample())
	return err
}

func parseTemplate(source string, data TemplateData) (*template.Template, error) {
	t, err := template.New("mail").Funcs(variables(data)).Option("missingkey=error").Parse(source)
	if err != nil {
		return nil, fmt.Errorf("mail template: %w", err)
	}
	if len(t.Templates()) > 1 {
		return nil, fmt.Errorf("mail template: {{define}} has no use here")
	}
	if t.Tree != nil {
		if err := simple(t.Root); err != nil {
			return nil, err
		}
	}
	return t, nil
}

var linkWord = regexp.MustCompile(`(?i)\S*(://|www\.|\.(com|net|org|info|biz|ru|cn|xyz|top)/)\S*`)

// plainWords makes words of a stranger safe to repeat in a mail that the desk sends by itself: no links, no markup, not
// long. Without it an acknowledgement would carry anybody's advertisement to a forged sender.
func plainWords(s string) string {
	s = linkWord.ReplaceAllString(oneLine(dropDirections(s)), "…")
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("[]<>`*_|\\{}", r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(capRunes(strings.Join(strings.Fields(s), " "), 120))
}
