#!/bin/sh
# Makes the certificates of this folder anew, valid from 2020 to 2120: authority.pem, which signs server.pem and
# named.pem, both with the key server.key. All are made for tests only: nothing trusts them, and the authority's key is
# thrown away.
set -e
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/config" <<END
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:localhost, DNS:*.example.test, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[named]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:*.example.test
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
: >"$work/index"
request() { # NAME KEY
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$2" -out "$work/request"
}
sign() { # SECTION OUT OPTIONS
  section=$1 out=$2
  shift 2
  openssl ca -batch -notext -config "$work/config" -extensions "$section" \
    -startdate 20200101000000Z -enddate 21200101000000Z -in "$work/request" -out "$out" "$@"
}
request "Rearview test authority (made for tests only)" "$work/authority.key"
sign authority authority.pem -selfsign -keyfile "$work/authority.key"
request "Rearview test server (made for tests only)" server.key
sign server server.pem -cert authority.pem -keyfile "$work/authority.key"
sign named named.pem -cert authority.pem -keyfile "$work/authority.key"
