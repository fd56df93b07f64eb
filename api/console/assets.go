package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed static
var staticFiles embed.FS

// assets are the styles, scripts and pictures. Their address holds a hash of them all, so that browsers may keep them for
// ever and never mix two builds.
type assets struct {
	version string
	files   map[string]asset
}

type asset struct {
	kind          string
	plain, packed []byte
}

// theAssets are read and compressed once: they never change.
var theAssets = sync.OnceValue(func() *assets {
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(staticFiles, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := staticFiles.ReadFile(name)
		sum.Write([]byte(name))
		sum.Write(raw)
		a.files[strings.TrimPrefix(name, "static/")] = asset{kind: kindOf(name), plain: raw, packed: pack(raw)}
		return err
	})
	if err != nil {
		panic("read an embedded file: " + err.Error())
	}
	a.version = hex.EncodeToString(sum.Sum(nil))[:12]
	return a
})

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}

func pack(raw []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(raw)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("compress an embedded file: " + err.Error())
	}
	return out.Bytes()
}

// url is where a browser gets a file.
func (a *assets) url(name string) string { return "/static/" + a.version + "/" + name }

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("file")]
	if !ok || f.kind == "" {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	headers(h)
	h.Set("Cache-Control", "no-cache")
	if r.PathValue("version") == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Type", f.kind)
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // who asked is gone
}

func (a *assets) icon(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, a.url("icon.svg"), http.StatusFound)
}
