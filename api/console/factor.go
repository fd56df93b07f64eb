package console

import (
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"

	"duradesk/api/openapi"
)

func factorRoutes() []route {
	return []route{
		{pattern: "POST /settings/factor", enrol: true, serve: (*visit).beginFactor},
		{pattern: "GET /settings/factor", enrol: true, serve: (*visit).factorPage},
		{pattern: "POST /settings/factor/confirm", enrol: true, serve: (*visit).confirmFactor},
		{pattern: "POST /settings/factor/codes", serve: (*visit).renewCodes},
		{pattern: "POST /settings/factor/remove", serve: (*visit).removeFactor},
	}
}

// factorView is the way to a second factor: its picture and seed, then its recovery codes, each shown once.
type factorView struct {
	frame
	Picture template.HTML
	Secret  string
	Address string // of the picture
	Wrong   string
	Codes   []string
	Begin   bool // nothing was begun yet
}

func (v *visit) factorPage() error {
	return v.show(http.StatusOK, "factor", factorView{frame: v.frame(say(v.lang, "factor.title")), Begin: true})
}

// beginFactor makes a seed; a code is asked for only once one of it was given.
func (v *visit) beginFactor() error {
	var made openapi.NewFactor
	if err := v.ask(http.MethodPost, "/factor", nil, &made); err != nil {
		return err
	}
	return v.showFactor(http.StatusOK, made.Secret, made.Url, "")
}

func (v *visit) showFactor(status int, seed, address, wrong string) error {
	out := factorView{frame: v.frame(say(v.lang, "factor.title")), Secret: spaced(seed), Address: address, Wrong: wrong}
	if address != "" {
		picture, err := qrPicture(address, say(v.lang, "factor.picture"))
		if err != nil {
			return err
		}
		out.Picture = picture
	}
	return v.show(status, "factor", out)
}

// spaced writes a seed in groups of four, as people type it.
func spaced(seed string) string {
	var out strings.Builder
	for i, r := range seed {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// qrPicture draws a text as a QR code: black on white in either theme, or cameras do not read it, with the quiet zone of
// four modules that ISO/IEC 18004 asks for.
func qrPicture(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	const border = 4
	size := code.Bounds().Dx()
	all := strconv.Itoa(size + 2*border)
	var out strings.Builder
	out.WriteString(`<svg class="qr" role="img" aria-label="` + template.HTMLEscapeString(label) + `" viewBox="0 0 ` + all + ` ` + all + `" shape-rendering="crispEdges"><rect width="` + all + `" height="` + all + `" fill="#fff"/><path fill="#000" d="`)
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				out.WriteString("M" + strconv.Itoa(x+border) + " " + strconv.Itoa(y+border) + "h1v1h-1z")
			}
		}
	}
	out.WriteString(`"/></svg>`)
	return template.HTML(out.String()), nil // numbers, and a label that is escaped
}

// confirmFactor takes the first code, and shows the recovery codes.
func (v *visit) confirmFactor() error {
	var got openapi.RecoveryCodes
	said, err := v.call(v.r.Context(), http.MethodPost, "/factor/confirm", map[string]any{"code": v.code()}, &got)
	if wrong := v.wrongCode(err); wrong != "" {
		return v.showFactor(http.StatusUnprocessableEntity, strings.ReplaceAll(v.r.PostFormValue("secret"), " ", ""), v.r.PostFormValue("url"), wrong)
	}
	if err != nil {
		return err
	}
	v.pass(said) // a session that was let in only to set this up is whole now
	return v.showCodes(got.Codes)
}

func (v *visit) code() string {
	return strings.TrimSpace(v.r.PostFormValue("code"))
}

// wrongCode is what is wrong with the code that was given; "" where something else is, or nothing.
func (v *visit) wrongCode(err error) string {
	var p *problem
	if errors.As(err, &p) && p.Status == http.StatusUnprocessableEntity && len(p.Errors) > 0 {
		return p.Errors[0].Detail
	}
	return ""
}

func (v *visit) showCodes(codes []string) error {
	return v.show(http.StatusOK, "factor", factorView{frame: v.frame(say(v.lang, "factor.codes")), Codes: codes})
}

func (v *visit) renewCodes() error {
	var got openapi.RecoveryCodes
	err := v.ask(http.MethodPost, "/factor/codes", map[string]any{"code": v.code()}, &got)
	if wrong := v.wrongCode(err); wrong != "" {
		return v.factorWrong(wrong)
	}
	if err != nil {
		return err
	}
	return v.showCodes(got.Codes)
}

func (v *visit) removeFactor() error {
	err := v.ask(http.MethodPost, "/factor/remove", map[string]any{"code": v.code()}, nil)
	if wrong := v.wrongCode(err); wrong != "" {
		return v.factorWrong(wrong)
	}
	if err != nil {
		return err
	}
	return v.redirect("/settings?saved=1")
}

// factorWrong shows the settings with what is wrong.
func (v *visit) factorWrong(wrong string) error {
	out, err := v.settingsOf()
	if err != nil {
		return err
	}
	out.Fault = wrong
	return v.show(http.StatusUnprocessableEntity, "settings", out)
}
