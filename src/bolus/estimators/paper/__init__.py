"""The published physics-informed autoencoder, choice by choice."""
