module dev.dalle.tokenizer {
}
