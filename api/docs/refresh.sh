#!/bin/sh
# Fetches the standalone file of the API reference page and writes down its hash:
#   api/docs/refresh.sh 1.72.1
# Then run the tests of ./api and look at /api/docs in a browser without a network.
set -eu
version=${1:?which version of @scalar/api-reference}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "@scalar/api-reference@$version" >/dev/null && tar xzf ./*.tgz)
file=$work/package/dist/browser/standalone.js
gzip -9nc "$file" >"$here/scalar.js.gz"
hash=$(sha256sum "$file" | cut -d' ' -f1)
printf '%s  @scalar/api-reference@%s dist/browser/standalone.js (MIT)\n' "$hash" "$version" >"$here/scalar.sha256"
cat "$here/scalar.sha256"
