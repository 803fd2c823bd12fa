import ArgumentParser

/// The completions that ArgumentParser writes, which also complete a value after `--option=`.
enum CompletionScript {
    static func text(for shell: CompletionShell) -> String {
        let script = Xent.completionScript(for: shell)
        // fish knows values after `=` by itself.
        return switch shell {
        case .bash: bash(script)
        case .zsh: zsh(script)
        default: script
        }
    }

    /// bash breaks `--option=value` into three words. They are put together as if they had been written with a space.
    private static func bash(_ script: String) -> String {
        let words = "    local -a unparsed_words=(\"${COMP_WORDS[@]:1:${COMP_CWORD}}\")\n"
        return
            script
            .replacing("    local -r cur=\"${2}\"\n", with: "    local cur=\"${2}\"\n")
            .replacing("    local -r prev=\"${3}\"\n", with: "    local prev=\"${3}\"\n")
            .replacing(
                words,
                with: words + """
                        local -i last
                        if [[ "${cur}" = '=' && "${COMP_CWORD}" -ge 1 ]]; then
                            cur=''
                            prev="${COMP_WORDS[COMP_CWORD - 1]}"
                            unparsed_words[${#unparsed_words[@]} - 1]=''
                        elif [[ "${prev}" = '=' && "${COMP_CWORD}" -ge 2 ]]; then
                            prev="${COMP_WORDS[COMP_CWORD - 2]}"
                        fi
                        for last in "${!unparsed_words[@]}"; do
                            [[ "${unparsed_words[${last}]}" = '=' ]] && unset "unparsed_words[${last}]"
                        done
                        unparsed_words=("${unparsed_words[@]}")

                    """)
    }

    /// zsh is told that a value may follow `=`: `--option=[…]`, and `-o+` for one that may follow a letter.
    private static func zsh(_ script: String) -> String {
        script.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            // Only specifications of options with a value have a colon after their text.
            guard let end = line.firstRange(of: "]:")?.lowerBound, let start = line.firstIndex(of: "["), start < end else {
                return String(line)
            }
            let names = line[..<start]
            let trimmed = names.drop { $0 == " " }
            if trimmed.hasPrefix("'--") || trimmed.hasPrefix("'*--") { return names + "=" + line[start...] }
            // '(-o --output)'{-o,--output}'[…]:…'
            guard let brace = names.firstIndex(of: "{"), let close = names.firstIndex(of: "}"), brace < close else { return String(line) }
            let forms = names[names.index(after: brace)..<close].split(separator: ",").map { $0.hasPrefix("--") ? "\($0)=" : "\($0)+" }
            return names[..<brace] + "{" + forms.joined(separator: ",") + "}" + line[names.index(after: close)...]
        }.joined(separator: "\n")
    }
}
