#!/usr/bin/env bash
# Sets up one part of the project:  bash tools/setup.sh python|bench|node|postgis|browser|lock
# A part that is up to date is skipped, so that running it again is quick.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
here=$(pwd -P)
python=.venv/bin/python

say() { # CHINESE ENGLISH
  if [ "${ZHIJIE_LANG:-zh}" = en ]; then echo "▸ $2"; else echo "▸ $1"; fi >&2
}

fail() {
  say "$@"
  exit 1
}

# A stamp holds the path of the checkout and a copy of the files that a part was made from.
inputs() {
  echo "$here"
  cat "$@"
}

fresh() { # STAMP FILE…
  local stamp=$1
  shift
  [ -f "$stamp" ] && inputs "$@" | cmp -s - "$stamp"
}

# ---- system packages ------------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "需要 root 权限而没有 sudo，请以 root 运行：$*" "This needs root and sudo is not installed; as root, run: $*"
  fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}

lists_are_new=
apt_update() {
  [ -z "$lists_are_new" ] || return 0
  say "更新 apt 软件包列表" "Updating the apt package lists"
  apt update
  lists_are_new=1
}

apt_knows() { # PACKAGE…
  local package
  for package in "$@"; do
    [[ $(LC_ALL=C apt-cache policy "$package") =~ Candidate:\ [^\(] ]] || return 1
  done
}

apt_install() { # PACKAGE…
  apt_knows "$@" || apt_update
  say "用 apt 安装系统软件包：$*" "Installing system packages with apt: $*"
  # outdated package lists may name files that the archive no longer has: update them and try once more
  apt install --no-install-recommends "$@" || { apt_update && apt install --no-install-recommends "$@"; }
}

has_apt() { command -v apt-get >/dev/null && command -v apt-cache >/dev/null; }

# ---- Python ---------------------------------------------------------------------------------

find_python() {
  local name
  for name in python3.11 python3 python3.12 python3.13 python3.14; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  fail "没有找到 Python 3.11 或更高版本，请先安装（Debian 12：apt-get install python3）。" \
    "No Python 3.11 or newer was found; install it first (Debian 12: apt-get install python3)."
}

make_venv() {
  local base version
  base=$(find_python)
  version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
    has_apt || fail "Python $version 缺少 venv 与 ensurepip 模块，请安装后重试。" \
      "Python $version lacks the modules venv and ensurepip; install them and run again."
    apt_install "python$version-venv"
  fi
  say "用 Python $version 建立 .venv" "Creating .venv with Python $version"
  "$base" -m venv --clear .venv
}

moved() { [ -f .venv/.stamp ] && [ "$(head -n 1 .venv/.stamp)" != "$here" ]; }

bootstrap_uv() { # the version and hashes of the lock; pip is only needed for this
  awk '/^uv==/ { on = 1 } on { print } on && !/\\$/ { exit }' requirements.lock >.venv/uv.txt
  say "安装 uv（$(awk 'NR == 1 { print $1 }' .venv/uv.txt)）" "Installing $(awk 'NR == 1 { print $1 }' .venv/uv.txt)"
  $python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.txt
}

use_mirror_of_pip() { # uv does not read pip's configuration: use pip's mirror, if one is configured, for uv too
  local mirror
  mirror=$($python -m pip config get global.index-url 2>/dev/null) || return 0
  export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$mirror}"
}

uv_pip() { .venv/bin/uv pip "$@" --python $python; }

setup_python() {
  fresh .venv/.stamp requirements.lock pyproject.toml && return
  if ! $python -c '' 2>/dev/null || moved; then make_venv; fi
  rm -f .venv/.stamp .venv/.bench
  [ -x .venv/bin/uv ] || bootstrap_uv
  use_mirror_of_pip
  say "安装锁定的 Python 依赖" "Installing the locked Python packages"
  uv_pip sync --require-hashes requirements.lock
  # setuptools comes from the lock file, so that the build needs nothing from outside it
  uv_pip install -q --no-deps --no-build-isolation --editable .
  inputs requirements.lock pyproject.toml >.venv/.stamp
}

setup_bench() { # the peers of the benchmarks, beside the project's own packages
  fresh .venv/.bench requirements-bench.lock && return
  use_mirror_of_pip
  say "安装基准测试的对照软件" "Installing the peer software for the benchmarks"
  uv_pip install -q --require-hashes -r requirements-bench.lock
  inputs requirements-bench.lock >.venv/.bench
}

# ---- front end ------------------------------------------------------------------------------

npm_of_venv() { PATH="$here/.venv/bin:$PATH" npm "$@"; }

setup_node() {
  local made_from=(package.json package-lock.json .npmrc tools/vendor.py)
  [ -d maps/static/vendor ] && fresh node_modules/.stamp "${made_from[@]}" && return
  say "安装锁定的前端依赖" "Installing the locked front-end packages"
  npm_of_venv ci --ignore-scripts --no-audit --no-fund >&2
  $python tools/vendor.py >/dev/null
  inputs "${made_from[@]}" >node_modules/.stamp
}

lock() {
  .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --group dev pyproject.toml -o requirements.lock
  .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --group bench --constraints requirements.lock pyproject.toml -o requirements-bench.lock
  npm_of_venv install --package-lock-only --ignore-scripts --no-audit --no-fund >&2
  setup_python
  setup_node
}

# ---- PostGIS and browser --------------------------------------------------------------------

has_postgis() { $python -c 'from store.cluster.programs import find_programs; find_programs()'; }

newest_postgis() { # apt package with PostGIS 3 for the newest PostgreSQL, 15 or later
  apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | awk -F '[- ]' '$2 >= 15 { print $2 }' |
    sort -n | awk 'END { if (NR) print "postgresql-" $1 "-postgis-3" }'
}

setup_postgis() {
  if [ -n "${ZHIJIE_DATABASE_URL:-}" ] || has_postgis 2>/dev/null; then return; fi
  local package=
  if has_apt; then
    package=$(newest_postgis)
    [ -n "$package" ] || { apt_update && package=$(newest_postgis); }
  fi
  [ -n "$package" ] || fail \
    "请先安装 PostgreSQL 15 或更高版本的服务端（initdb、postgres、pg_ctl、psql 须在 PATH 中）及其 PostGIS 3 扩展（Debian 12 的包名：postgresql-15 postgresql-15-postgis-3；Fedora：postgresql-server postgis），或用 ZHIJIE_DATABASE_URL 指定已有的 PostGIS。" \
    "Install the server of PostgreSQL 15 or newer (initdb, postgres, pg_ctl and psql on PATH) and its PostGIS 3 extension (Debian 12: postgresql-15 postgresql-15-postgis-3; Fedora: postgresql-server postgis), or set ZHIJIE_DATABASE_URL to an existing PostGIS."
  apt_install "$package"
  has_postgis
}

has_chinese_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family)" ]; }

setup_browser() {
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium)
  has_chinese_font || missing+=(fontconfig fonts-noto-cjk)
  [ ${#missing[@]} -gt 0 ] || return 0
  has_apt || fail "测试需要 Chromium（命令 chromium）与一种中文字体（如 Noto Sans CJK），请安装后重试。" \
    "The tests need Chromium (the command chromium) and a Chinese font (such as Noto Sans CJK); install them and run again."
  apt_install "${missing[@]}"
}

case "${1:-}" in
  python) setup_python ;;
  bench) setup_bench ;;
  node) setup_node ;;
  postgis) setup_postgis ;;
  browser) setup_browser ;;
  lock) lock ;;
  *) fail "用法：bash tools/setup.sh python|bench|node|postgis|browser|lock" "Usage: bash tools/setup.sh python|bench|node|postgis|browser|lock" ;;
esac
