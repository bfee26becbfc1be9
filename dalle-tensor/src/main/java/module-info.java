module dev.dalle.tensor {
}
