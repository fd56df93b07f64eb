package console

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// formView is the form of one thing.
type formView struct {
	frame
	Key      string // of the shelf
	ID       string // "" for a new one
	Post     string
	Back     string
	Sections []section
	Seen     string
	May      bool // change it
	Drop     string
	Fault    string
	Lines    []string // what is wrong and belongs to no field
	Changed  bool     // somebody else changed it meanwhile
	Once     string   // a secret that is shown once
	Beside   template.HTML
	Picture  template.HTML // the same, above the form
}

func (v *visit) newPage() error {
	s := v.theShelf()
	if s == nil || !s.mayMake(v.me) {
		return v.nothing()
	}
	out, err := v.formOf(s, nil)
	if err != nil {
		return err
	}
	if s.besideNew {
		if out.Beside, err = v.part(s.beside, nil); err != nil {
			return err
		}
	}
	eachField(out.Sections, func(f *field) { // what a link filled in
		if value := v.r.URL.Query().Get(f.Name); value != "" {
			f.Value = value
		}
	})
	return v.show(http.StatusOK, "form", out)
}

func (v *visit) editPage() error {
	s := v.theShelf()
	if s == nil || s.form == nil {
		return v.nothing()
	}
	t, err := s.find(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	out, err := v.formOf(s, t)
	if err != nil {
		return err
	}
	if s.refill != nil {
		if err := s.refill(v, t, out.Sections); err != nil {
			return err
		}
	}
	if out.Beside, err = v.part(s.beside, t); err != nil {
		return err
	}
	if out.Picture, err = v.part(s.picture, t); err != nil {
		return err
	}
	return v.show(http.StatusOK, "form", out)
}

// formOf is the form of a thing as it is stored, or of a new one.
func (v *visit) formOf(s *shelf, t thing) (formView, error) {
	sections, err := s.form(v, t)
	if err != nil {
		return formView{}, err
	}
	v.fillForm(sections, t)
	out := formView{Key: s.key, Back: "/manage/" + s.key, Sections: sections, Seen: markOf(sections)}
	if t == nil {
		out.frame, out.Post, out.May = v.frame(say(v.lang, "new."+s.key)), "/manage/"+s.key, true
		return out, nil
	}
	out.ID, out.May = s.id(t), s.mayEdit(v.me, t)
	name := out.ID
	if s.name != nil {
		name = s.name(v, t)
	}
	out.frame, out.Post = v.frame(name), s.href(out.ID)
	if s.drop && out.May {
		out.Drop = s.href(out.ID) + "/delete"
	}
	return out, nil
}

func (v *visit) createThing() error {
	s := v.theShelf()
	if s == nil || !s.mayMake(v.me) {
		return v.nothing()
	}
	out, body, err := v.said(s, nil)
	if err != nil || out.Fault != "" {
		return v.again(out, err)
	}
	path := s.path
	if s.collect != nil {
		path = s.collect(body)
	}
	var made thing
	if err := v.ask(http.MethodPost, path, body, &made); err != nil {
		return v.again(out, v.blame(&out, err))
	}
	if s.made != nil {
		if done, err := s.made(v, s, made); done || err != nil {
			return err
		}
	}
	return v.redirect(s.back("added", s.id(made)))
}

func (v *visit) changeThing() error {
	s := v.theShelf()
	if s == nil || s.form == nil {
		return v.nothing()
	}
	t, err := s.find(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if !s.mayEdit(v.me, t) {
		return v.nothing()
	}
	out, body, err := v.said(s, t)
	if err != nil || out.Fault != "" {
		return v.again(out, err)
	}
	if revision := t.at("revision"); revision != nil {
		body["revision"] = revision
	}
	if err := v.ask(http.MethodPatch, s.addressOf(t), body, nil); err != nil {
		return v.again(out, v.blame(&out, err))
	}
	return v.redirect(s.back("saved", s.id(t)))
}

// said reads what a form says, over the thing as it is by now. What was typed stays in the form; where anything is wrong
// it has a Fault.
func (v *visit) said(s *shelf, t thing) (formView, map[string]any, error) {
	if err := v.r.ParseForm(); err != nil {
		return formView{}, nil, &problem{Status: http.StatusBadRequest, Title: say(v.lang, "title.invalid"), Detail: say(v.lang, "fault.form")}
	}
	out, err := v.formOf(s, t)
	if err != nil {
		return out, nil, err
	}
	given := v.r.PostForm
	out.Changed = t != nil && given.Get("seen") != out.Seen
	body := map[string]any{}
	if !v.read(out.Sections, given, body, out.Changed) {
		out.Fault = say(v.lang, "title.invalid")
	}
	if out.Changed {
		out.Fault = say(v.lang, "detail.changed_meanwhile")
	}
	if s.finish != nil {
		s.finish(body, t)
	}
	return out, body, nil
}

// read puts what was typed into a form's fields and into the body; false where something is wrong with it. Where the thing
// has changed since the form was shown, what is stored by now is noted beside what was typed.
func (v *visit) read(sections []section, given url.Values, body map[string]any, changed bool) bool {
	right := true
	eachField(sections, func(f *field) {
		if f.Fixed || !given.Has(f.Name) && f.Kind != tick && f.Kind != several {
			return
		}
		stored := *f
		if f.Kind == several {
			f.Values = given[f.Name]
		} else {
			f.Value = strings.ReplaceAll(given.Get(f.Name), "\r\n", "\n")
		}
		if changed && (stored.Value != f.Value || !slices.Equal(stored.Values, f.Values)) {
			f.Now = stored.shown()
		}
		if f.Wrong = v.take(*f, given, body); f.Needed && f.Wrong == "" && strings.TrimSpace(f.Value) == "" && f.Kind != several {
			f.Wrong = say(v.lang, "form.missing")
		}
		right = right && f.Wrong == ""
	})
	return right
}

// shown is a field's value in words.
func (f field) shown() string {
	words := f.Values
	if f.Kind != several {
		words = []string{f.Value}
	}
	for i, w := range words {
		for _, o := range f.Options {
			if o.Value == w {
				words[i] = o.Name
			}
		}
	}
	if text := strings.Join(words, ", "); text != "" {
		return text
	}
	return "–"
}

// blame puts what the API says no to beside the fields that it names; what is no answer to the form is an error.
func (v *visit) blame(out *formView, err error) error {
	var p *problem
	if !errors.As(err, &p) || p.Status >= http.StatusInternalServerError || p.Status == http.StatusUnauthorized {
		return err
	}
	out.Fault = p.Title
	if len(p.Errors) == 0 {
		out.Lines = append(out.Lines, p.Detail)
	}
	for _, e := range p.Errors {
		if !out.mark(strings.ReplaceAll(strings.TrimPrefix(deref(e.Pointer), "/"), "/", "."), e.Detail) {
			out.Lines = append(out.Lines, v.fieldLine(e))
		}
	}
	return nil
}

// mark notes what is wrong with the field of that name, or with the one that holds it.
func (out *formView) mark(name, why string) bool {
	for ; name != ""; name = name[:max(strings.LastIndex(name, "."), 0)] {
		found := false
		eachField(out.Sections, func(f *field) {
			if !found && (f.Name == name || strings.HasPrefix(f.Name, name+".")) {
				found = true
				if f.Wrong != "" {
					why = f.Wrong + " " + why
				}
				f.Wrong = why
			}
		})
		if found {
			return true
		}
	}
	return false
}

// again shows the form with all that was typed, and what is wrong.
func (v *visit) again(out formView, err error) error {
	if err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	if out.Changed {
		status = http.StatusConflict
	}
	return v.show(status, "form", out)
}

func (v *visit) dropDialog() error {
	s := v.theShelf()
	if s == nil || !s.drop {
		return v.nothing()
	}
	return v.show(http.StatusOK, "dialog", dialogView{
		Title: "manage.drop", Explain: "drop." + s.key, Submit: "manage.drop", Post: s.href(v.r.PathValue("id")) + "/delete", Grave: true,
	})
}

func (v *visit) drop1() error {
	s := v.theShelf()
	if s == nil || !s.drop {
		return v.nothing()
	}
	t, err := s.find(v, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if !s.mayEdit(v.me, t) {
		return v.nothing()
	}
	if err := v.ask(http.MethodDelete, s.addressOf(t), nil, nil); err != nil {
		return err
	}
	return v.redirect("/manage/" + s.key + "?" + url.Values{"done": {"dropped"}}.Encode())
}
