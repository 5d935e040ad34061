/** The shells that words can be completed in. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * What the program is asked by: the words of the line, the last one being typed. It answers a word a line, with what it
 * is after a tab, or with FILES or FOLDERS where the shell itself knows best. Kept out of the help.
 */
export const COMPLETE = '__complete';
export const FILES = ':files';
export const FOLDERS = ':folders';

// All three ask the program on every TAB and know nothing of its commands: a script that somebody saved a year ago
// offers what the program of today takes.

const BASH = `# Completion of ratelimit for bash: source <(ratelimit completion bash)
_ratelimit() {
  local rest=\${COMP_LINE:0:COMP_POINT} current='' breaks='' cut='' files='' word i
  local -a words=()
  COMPREPLY=()
  # Bash breaks words at : and =; what follows without a blank is the same word for the program.
  for ((i = 0; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then
      rest=\${rest#"\${rest%%[![:space:]]*}"}
      words+=("$word")
    else
      words[\${#words[@]} - 1]+=$word
    fi
    rest=\${rest#"$word"}
  done
  if [[ $rest == [[:space:]]* ]]; then
    current=\${rest#"\${rest%%[![:space:]]*}"}
  else
    i=$((\${#words[@]} - 1))
    current=\${words[i]}$rest
    unset "words[i]"
  fi
  # Quotes as they are typed.
  for ((i = 1; i < \${#words[@]}; i++)); do
    case \${words[i]} in
      \\"*\\" | \\'*\\') words[i]=\${words[i]:1:\${#words[i]}-2} ;;
      *) words[i]=\${words[i]//\\\\/} ;;
    esac
  done
  # What bash puts in begins after the last of these.
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=:
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+==
  [[ -n $breaks ]] && cut=\${current%"\${current##*[$breaks]}"}
  while IFS=$'\\t' read -r word _; do
    case $word in
      ${FILES}) files=default ;;
      ${FOLDERS}) files=dirnames ;;
      *) COMPREPLY+=("\${word#"$cut"}") ;;
    esac
  done < <(command ratelimit ${COMPLETE} "\${words[@]:1}" "$current" 2>/dev/null)
  # Readline completes paths best itself. Bash before 4 cannot be asked to.
  if [[ -n $files && \${#COMPREPLY[@]} -eq 0 ]] && ! compopt -o "$files" 2>/dev/null; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
      [[ $files == default ]] && compgen -f -- "\${current#"$cut"}" || compgen -d -- "\${current#"$cut"}"
    )
  fi
}
complete -F _ratelimit ratelimit
`;

const ZSH = `#compdef ratelimit
# Completion of ratelimit for zsh: ratelimit completion zsh > ~/.zfunc/_ratelimit
_ratelimit() {
  local -a words_before found
  local line value files=''
  (( CURRENT > 2 )) && words_before=("\${(@Q)words[2,CURRENT-1]}")
  for line in "\${(@f)$(command ratelimit ${COMPLETE} "\${words_before[@]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
    value=\${line%%$'\\t'*}
    case $value in
      '') ;;
      ${FILES}|${FOLDERS}) files=$value ;;
      *) found+=("\${value//:/\\\\:}\${line#$value}") ;;
    esac
  done
  found=("\${found[@]/$'\\t'/:}")
  local ret=1
  (( \${#found} )) && _describe -V ratelimit found && ret=0
  if [[ -n $files ]]; then
    compset -P '--*='
    if [[ $files == ${FILES} ]]; then _files && ret=0; else _files -/ && ret=0; fi
  fi
  return ret
}
if [[ $funcstack[1] == _ratelimit ]]; then
  _ratelimit "$@"
elif (( $+functions[compdef] )); then
  compdef _ratelimit ratelimit
else
  print -u2 'ratelimit: completion in zsh needs compinit, which comes before: autoload -U compinit && compinit'
fi
`;

const FISH = `# Completion of ratelimit for fish: ratelimit completion fish > ~/.config/fish/completions/ratelimit.fish
function __ratelimit_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l before (string match -r -- '^--[a-z-]+=' "$current")
    set -l path (string replace -r -- '^--[a-z-]+=' '' "$current")
    for line in (command ratelimit ${COMPLETE} $words "$current" 2>/dev/null)
        switch $line
            case '${FILES}'
                for file in (__fish_complete_path "$path")
                    echo "$before$file"
                end
            case '${FOLDERS}'
                for folder in (__fish_complete_directories "$path")
                    echo "$before$folder"
                end
            case '*'
                echo $line
        end
    end
end
complete -c ratelimit -f -k -a '(__ratelimit_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script that makes a shell complete the program's words. */
export const scriptFor = (shell: Shell): string => SCRIPTS[shell];
